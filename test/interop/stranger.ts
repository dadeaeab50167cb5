import { join } from 'node:path'
import { type Build, GO, JAVA, PYTHON_V0_3, PYTHON_V1 } from './builds.ts'
import { FORMS_V0_3, FORMS_V1, type Form } from './form.ts'

export type Command = readonly [program: string, ...args: string[]]

/** An SDK that nobody here wrote, with the two programs on it. */
export type Stranger = {
  readonly name: string
  readonly build: Build
  readonly clientForms: readonly Form[]
  readonly agentForms: readonly Form[]
  /** Forms that it does not have in a role as A2A has them, and why. */
  readonly leftOut: readonly {
    readonly role?: 'client' | 'agent'
    readonly form: Form
    readonly why: string
  }[]
  readonly client: Command
  readonly agent?: Command
  /** The card it has to be shown, where it cannot read one for both versions. */
  readonly cardProfile?: 'v1'
}

const pythonStranger = (version: string, build: Build, forms: readonly Form[]): Stranger => {
  const python = join(build.target, 'bin/python')
  return {
    name: `Python, a2a-sdk ${version}`,
    build,
    clientForms: forms,
    agentForms: forms,
    leftOut: [],
    client: [python, join(build.source, 'client.py')],
    agent: [python, join(build.source, 'agent.py')],
  }
}

/** It speaks both versions: 0.3 by a layer for older peers. */
export const PYTHON_1_3_0 = pythonStranger('1.3.0', PYTHON_V1, [...FORMS_V1, ...FORMS_V0_3])

export const PYTHON_0_3_26 = pythonStranger('0.3.26', PYTHON_V0_3, FORMS_V0_3)

const java0_3 = join(JAVA.target, 'interop-v0_3/quarkus-app')

export const JAVA_0_3_3: Stranger = {
  name: 'Java, a2a-java-sdk 0.3.3.Final',
  build: JAVA,
  clientForms: FORMS_V0_3,
  agentForms: FORMS_V0_3,
  leftOut: [],
  client: ['java', '-cp', `${java0_3}/app/*:${java0_3}/lib/main/*`, 'parley.interop.Client'],
  agent: ['java', '-jar', `${java0_3}/quarkus-run.jar`],
}

const java1_0 = join(JAVA.target, 'interop-v1')

/** Of before 1.0 was final. It refuses members that it does not know, in cards too. */
export const JAVA_1_0_0_ALPHA3: Stranger = {
  name: 'Java, a2a-java-sdk 1.0.0.Alpha3',
  build: JAVA,
  clientForms: FORMS_V1.filter(({ binding }) => binding !== 'grpc'),
  agentForms: [],
  leftOut: [
    {
      role: 'client',
      form: { version: '1.0', binding: 'grpc' },
      why: 'its protobuf has the package of 0.3 and the numbers of a draft of 1.0',
    },
    ...FORMS_V1.map((form) => ({
      role: 'agent' as const,
      form,
      why: 'the registry has no server for this version',
    })),
  ],
  client: ['java', '-cp', `${java1_0}/interop-v1-1.jar:${java1_0}/lib/*`, 'parley.interop.Client'],
  cardProfile: 'v1',
}

const goForms = [...FORMS_V1, ...FORMS_V0_3.filter(({ binding }) => binding !== 'rest')]

export const GO_2_3_1: Stranger = {
  name: 'Go, a2a-go 2.3.1',
  build: GO,
  clientForms: goForms,
  agentForms: goForms,
  leftOut: [
    {
      form: { version: '0.3', binding: 'rest' },
      why: 'its REST of 0.3 has paths without /v1 and JSON in snake_case, which is nobody else’s',
    },
  ],
  client: [join(GO.target, 'client')],
  agent: [join(GO.target, 'agent')],
}
