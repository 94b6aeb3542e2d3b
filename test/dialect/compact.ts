/**
 * A tree on one line, without places: `kind(parts)`, where a part is left out that is false or empty, and one that is true is its
 * name. A name is itself.
 */
export function compact(node: unknown): string {
  if (node instanceof Uint8Array) return Buffer.from(node).toString('hex')
  if (Array.isArray(node)) return `[${node.map(compact).join(' ')}]`
  if (typeof node !== 'object' || node === null) return String(node)
  if ('name' in node && Object.keys(node).every((key) => ['name', 'at', 'written'].includes(key)))
    return String(node.name)
  const parts = Object.entries(node).flatMap(([key, value]) => {
    const isEmpty = value === undefined || value === false || (Array.isArray(value) && value.length === 0)
    if (key === 'kind' || key === 'at' || isEmpty) return []
    return value === true ? [key] : [compact(value)]
  })
  return `${'kind' in node ? node.kind : ''}(${parts.join(', ')})`
}
