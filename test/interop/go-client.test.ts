import { DATA_V1 } from './client-steps.ts'
import { describeClient } from './describe-client.ts'
import { GO_2_3_1 } from './stranger.ts'

describeClient(GO_2_3_1, ({ version, binding }) => {
  if (version === '0.3') {
    // It has a method for lists and does not call it; and it unwraps the data that Parley wraps.
    return { list: { error: 'UnsupportedOperation' }, data: { parts: DATA_V1 } }
  }
  if (binding === 'grpc') return {}
  return {
    // It takes `data: null` for a part without content, though any value is allowed (§4.1.6).
    data: { error: 'untyped' },
    // It reads scopes as bare lists only; its client of ours lays them bare where it can, which is not here.
    'extended card': { error: 'untyped' },
  }
})
