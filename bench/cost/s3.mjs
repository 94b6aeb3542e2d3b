// A stand-in for S3 on loopback, in a process of its own: it takes what is put and keeps nothing. Says its port first, and
// how many objects of how many bytes it was given since it was last asked, whenever it is.
import { createServer } from 'node:http'

let objects = 0
let bytes = 0
const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response
      .writeHead(200, { 'content-type': 'application/xml' })
      .end(
        '<ListBucketResult><Name>archive</Name><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>',
      )
    return
  }
  request.on('data', (chunk) => {
    bytes += chunk.length
  })
  request.on('end', () => {
    objects += 1
    response.writeHead(200, { etag: '"0"' }).end()
  })
})
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
process.on('message', () => {
  process.send({ objects, bytes })
  objects = 0
  bytes = 0
})
process.on('disconnect', () => process.exit())
