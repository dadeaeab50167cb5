import type { Dialect } from '../../a2a/dialect.ts'
import { V1_0_METHODS } from '../../a2a/proto/methods-v1.ts'
import type { ProtoMethod, StreamProtoMethod, UnaryProtoMethod } from '../../a2a/proto/proto-method.ts'
import { V0_3_PROTO } from '../../a2a/v0_3/proto/dialect.ts'
import { V0_3_METHODS } from '../../a2a/v0_3/proto/methods.ts'
import { V1_0 } from '../../a2a/v1-0.ts'

type Spoken<M extends ProtoMethod> = M & { readonly dialect: Dialect }

export type UnaryMethod = Spoken<UnaryProtoMethod>
export type StreamMethod = Spoken<StreamProtoMethod>
export type GrpcMethod = UnaryMethod | StreamMethod

const spoken = (methods: readonly ProtoMethod[], dialect: Dialect): readonly GrpcMethod[] =>
  methods.map((method): GrpcMethod => ({ ...method, dialect }))

/** The methods of both services. Their packages differ, so they are told apart by path, on one port. */
export const GRPC_METHODS: readonly GrpcMethod[] = [
  ...spoken(V1_0_METHODS, V1_0),
  ...spoken(V0_3_METHODS, V0_3_PROTO),
]

/** `package.Service` of each. */
export const SERVICE_NAMES: ReadonlySet<string> = new Set(
  GRPC_METHODS.map(({ path }) => path.split('/')[1] ?? ''),
)
