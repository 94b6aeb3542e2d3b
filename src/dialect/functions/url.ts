import { type Definition, FunctionError, scalar } from '../registry.ts'
import { fromUtf8 } from './text.ts'

/** The parts of a URI as `java.net.URI` reads them, escapes undone where Java undoes them. */
type Uri = {
  readonly scheme?: string | undefined
  readonly host?: string | undefined
  readonly port?: bigint | undefined
  readonly path?: string | undefined
  readonly query?: string | undefined
  readonly rawQuery?: string | undefined
  readonly fragment?: string | undefined
}

// What Java takes: unreserved, reserved and escaped characters, and others beyond ASCII but spaces and controls.
const other = '[^\\0-\\x7f\\p{Cc}\\p{Z}]'
const escaped = '%[0-9a-fA-F]{2}'
const unreserved = "A-Za-z0-9_\\-!.~'()*"
const uric = new RegExp(`^(?:[${unreserved};/?:@&=+$,\\[\\]]|${escaped}|${other})*$`, 'u')
const pathPattern = new RegExp(`^(?:[${unreserved}:@&=+$,;/]|${escaped}|${other})*$`, 'u')
const userPattern = new RegExp(`^(?:[${unreserved};:&=+$,]|${escaped}|${other})*$`, 'u')
const registryPattern = new RegExp(`^(?:[${unreserved}$,;:@&=+]|${escaped}|${other})+$`, 'u')
const serverPattern = /^(?:([^@]*)@)?(\[[^\]]*\]|[^:[\]]*)(?::(\d*))?$/
const hostPattern =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.?$/
const addressPattern = /^(?:(?:25[0-5]|2[0-4]\d|[01]?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|[01]?\d?\d)$/

/** The parts of a URI, undefined where it is none. */
function parseUri(text: string): Uri | undefined {
  const [, scheme, rest = '', fragment] = /^(?:([^:/?#]*):)?([^#]*)(?:#(.*))?$/su.exec(text) ?? []
  if (scheme !== undefined && !/^[A-Za-z][A-Za-z0-9+.-]*$/.test(scheme)) return undefined
  if (fragment !== undefined && !uric.test(fragment)) return undefined
  const tail = { scheme, fragment: decoded(fragment) }
  if (scheme !== undefined && !rest.startsWith('/')) return rest !== '' && uric.test(rest) ? tail : undefined
  const [, authority, path = '', rawQuery] = /^(?:\/\/([^/?]*))?([^?]*)(?:\?(.*))?$/su.exec(rest) ?? []
  if (!pathPattern.test(path) || (rawQuery !== undefined && !uric.test(rawQuery))) return undefined
  const parts = { ...tail, path: decoded(path), query: decoded(rawQuery), rawQuery }
  if (authority === undefined) return parts
  if (authority === '') return path === '' ? undefined : parts
  const server = serverOf(authority)
  return server ? { ...parts, ...server } : undefined
}

/** The host and port of an authority, none where it names no server; undefined where it is not one at all. */
function serverOf(authority: string): { readonly host?: string; readonly port?: bigint } | undefined {
  const [, user = '', host = '', port = ''] = serverPattern.exec(authority) ?? []
  const isHost = host.startsWith('[')
    ? /^\[[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(?:%\w+)?\]$/.test(host)
    : addressPattern.test(host) || hostPattern.test(host)
  if (isHost && userPattern.test(user) && (port === '' || BigInt(port) <= 2_147_483_647n))
    return port === '' ? { host } : { host, port: BigInt(port) }
  return registryPattern.test(authority) ? {} : undefined
}

/** Escapes undone, as UTF-8; what is none becomes U+FFFD. */
function decoded(text: string | undefined): string | undefined {
  return text?.replace(/(?:%[0-9a-fA-F]{2})+/g, (escapes) =>
    fromUtf8(Buffer.from(escapes.replaceAll('%', ''), 'hex')),
  )
}

const partOf = (name: string, part: (uri: Uri) => string | undefined): Definition => ({
  signature: `url_extract_${name}(varchar(n)) -> varchar(n)`,
  make: scalar(`athena_url_extract_${name}`, ['varchar'], 'varchar', (text) => {
    const uri = parseUri(text)
    return uri ? (part(uri) ?? '') : null
  }),
})

function parameter(text: string, name: string): string | null {
  const query = parseUri(text)?.rawQuery
  if (query === undefined) return null
  for (const piece of query.split('&')) {
    const at = piece.indexOf('=')
    if ((at < 0 ? piece : piece.slice(0, at)) === name) return at < 0 ? '' : urlDecode(piece.slice(at + 1))
  }
  return null
}

function urlEncode(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()~]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
}

/** `URLDecoder` of Java: `+` is a space, and bytes that are no UTF-8 become U+FFFD. */
function urlDecode(text: string): string {
  return text.replaceAll('+', ' ').replace(/(?:%(?:[0-9a-fA-F]{2})?)+/g, (escapes) => {
    if (!/^(?:%[0-9a-fA-F]{2})+$/.test(escapes))
      throw new FunctionError('url_decode: a % is followed by no two hexadecimal digits')
    return fromUtf8(Buffer.from(escapes.replaceAll('%', ''), 'hex'))
  })
}

/** Addresses, as Java's `URI` and `URLEncoder` read and write them. */
export const urlFunctions: readonly Definition[] = [
  partOf('protocol', ({ scheme }) => scheme),
  partOf('host', ({ host }) => host),
  partOf('path', ({ path }) => path),
  partOf('query', ({ query }) => query),
  partOf('fragment', ({ fragment }) => fragment),
  {
    signature: 'url_extract_port(varchar) -> bigint',
    make: scalar('athena_url_extract_port', ['varchar'], 'bigint', (text) => parseUri(text)?.port ?? null),
  },
  {
    signature: 'url_extract_parameter(varchar(n), varchar) -> varchar(n)',
    make: scalar('athena_url_extract_parameter', ['varchar', 'varchar'], 'varchar', parameter),
  },
  {
    signature: 'url_encode(varchar) -> varchar',
    make: scalar('athena_url_encode', ['varchar'], 'varchar', urlEncode),
  },
  {
    signature: 'url_decode(varchar(n)) -> varchar(n)',
    make: scalar('athena_url_decode', ['varchar'], 'varchar', urlDecode),
  },
]
