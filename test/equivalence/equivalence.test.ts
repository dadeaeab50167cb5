import { openMemory } from '../../src/storage/memory/open-memory.ts'
import { describeGateway } from './describe-gateway.ts'
import { describeTasks } from './describe-tasks.ts'
import { openInProcess } from './open-in-process.ts'

describeTasks('in process, on memory', () => openInProcess(openMemory))
describeGateway('memory')
