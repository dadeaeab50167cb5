import { DOORS, describeMatrix } from './matrix/describe-matrix.ts'

/** The rest is in `matrix/every-door.test.ts`, which takes longer. */
describeMatrix(
  'the isolation matrix, in short',
  DOORS.filter(({ name }) => ['JSONRPC 1.0', 'native'].includes(name)),
)
