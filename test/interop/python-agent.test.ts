import { describeAgent } from './describe-agent.ts'
import type { Form } from './form.ts'
import { PYTHON_0_3_26, PYTHON_1_3_0 } from './stranger.ts'

/** In 0.3 over REST and gRPC it sends as bytes what is the text of their base64 form. */
const traits = ({ version, binding }: Form) =>
  version === '0.3' && binding !== 'jsonrpc' ? { file: btoa('aGVsbG8K') } : {}

describeAgent(PYTHON_1_3_0, traits)
describeAgent(PYTHON_0_3_26, traits)
