import { DOORS, describeMatrix } from './describe-matrix.ts'

describeMatrix('the isolation matrix', DOORS)
