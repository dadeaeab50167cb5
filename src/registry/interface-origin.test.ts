import assert from 'node:assert/strict'
import { it } from 'node:test'
import { originOf } from './interface-origin.ts'

const over = (protocolBinding: string) => (url: string) =>
  originOf({ url, protocolBinding, protocolVersion: '1.0' })

it('The origin of an interface is its scheme, host and port, however they are written', () => {
  assert.deepEqual(
    ['https://A.example/x?y', 'https://a.example:443', 'http://a.example:81/', 'https://[::1]:8/'].map(
      over('JSONRPC'),
    ),
    ['https://a.example', 'https://a.example', 'http://a.example:81', 'https://[::1]:8'],
  )
})

it('The origin of an interface of gRPC is one over TLS unless its address says plain', () => {
  assert.deepEqual(
    ['grpcs://a.example', 'https://a.example:443/', 'grpc://a.example:50051', 'A.example:443', '[::1]:9'].map(
      over('GRPC'),
    ),
    [
      'https://a.example',
      'https://a.example',
      'http://a.example:50051',
      'https://a.example',
      'https://[::1]:9',
    ],
  )
})

it('What names no server has no origin', () => {
  assert.deepEqual(['', 'a.example', 'mailto:a@b.example'].map(over('HTTP+JSON')), [
    undefined,
    undefined,
    undefined,
  ])
  assert.deepEqual(['', 'a.example', 'ftp://a.example:1'].map(over('GRPC')), [
    undefined,
    undefined,
    undefined,
  ])
})
