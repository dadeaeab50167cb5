import { describeBackend } from '../contract/describe-backend.ts'
import { openMemory } from './open-memory.ts'

describeBackend('memory', () => openMemory())
