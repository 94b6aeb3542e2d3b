import { fields, type LabelledField } from '../columns.ts'
import { type Io, style } from '../io.ts'

/** What was looked at, and what came of it. No part of it holds a value of a record. */
export type DoctorFinding = {
  readonly check: string
  /** Null where it could not be looked at. */
  readonly ok: boolean | null
  readonly found: string
  readonly fix?: string
  /** How to see it, where nothing but trying shows it. */
  readonly see?: string
}

/** What a look comes to, before it has a name. */
export type Judged = Omit<DoctorFinding, 'check'>

/** A thing as it should be. */
export function sound(found: string): Judged {
  return { ok: true, found }
}

/** What is not as it should be, all of it, and how to mend it. */
export function judge(found: string, faults: readonly string[], fix: string): Judged {
  return faults.length === 0 ? sound(found) : { ok: false, found: faults.join('; '), fix }
}

/** Numbers of accounts are nobody's business in a log. */
export function hideAccount(text: string): string {
  return text.replace(/\d{8}(\d{4})(?!\d)/g, '…$1').slice(0, 300)
}

/** A finding as a line, and another for its fix. */
export function findingLines(io: Io, findings: readonly DoctorFinding[]): string {
  const rows = findings.map(({ check, ok, found, fix, see }): LabelledField => {
    const mark = ok === null ? '—' : ok ? 'ok' : 'FAIL'
    const more = [fix && `fix: ${fix}`, see && `see: ${see}`].filter((line) => line !== undefined)
    return [`${mark.padEnd(4)}  ${check}`, [found, ...more].join('\n')]
  })
  const colorOf = ({ ok }: DoctorFinding) => (ok === null ? 'dim' : ok ? 'green' : 'red')
  return fields(io, rows, {
    paint: (name, row) => {
      const finding = findings[row]
      return finding ? style(io, colorOf(finding), name.slice(0, 4)) + name.slice(4) : name
    },
  })
}
