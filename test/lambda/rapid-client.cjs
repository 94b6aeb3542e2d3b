// Stands in for `rapid-client.node` of Amazon's runtime client (aws-lambda-ric): the two calls that post what came of an
// invocation, by the same protocol (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html), without a compiler.
// The client asks for the next invocation by itself when AWS_LAMBDA_NODEJS_USE_ALTERNATIVE_CLIENT_1 is set.
const { Agent, request } = require('node:http')

const agent = new Agent({ keepAlive: true, maxSockets: 1 })

function post(path, body, headers = {}) {
  const url = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/${path}`
  const call = request(url, {
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers },
  })
  call.on('response', (response) => response.resume())
  call.on('error', (error) => {
    throw error
  })
  call.end(body)
}

exports.done = (id, body) => post(`${id}/response`, body)
exports.error = (id, body, xray) =>
  post(`${id}/error`, body, {
    'lambda-runtime-function-error-type': JSON.parse(body).errorType,
    'lambda-runtime-function-xray-error-cause': xray,
  })
