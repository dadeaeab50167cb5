/** The least a Node server can do: reads the body of every request and answers the bytes of the file it is given. */
import { readFileSync } from 'node:fs'
import { serveUntilOrphaned } from './serve-until-orphaned.ts'

const answer = readFileSync(process.argv[2] ?? '')
const headers = { 'content-type': 'application/json', 'content-length': answer.length }

serveUntilOrphaned((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    Buffer.concat(chunks)
    response.writeHead(200, headers).end(answer)
  })
})
