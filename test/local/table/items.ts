export const keyOf = (n: number | string) => ({ PK: `FAN#f${n}`, SK: 'DEMAND#e1#s1' })
export const itemOf = (n: number | string, more: object = {}) => ({
  PK: { S: keyOf(n).PK },
  SK: { S: keyOf(n).SK },
  type: { S: 'demand' },
  ...more,
})
