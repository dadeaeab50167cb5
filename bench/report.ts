import { writeFile } from 'node:fs/promises'

/** One measured number and what it is held against. */
export type Finding = {
  readonly id: string
  readonly what: string
  readonly value: number
  readonly unit: string
  readonly bar: Bar
}

export type Bar = {
  readonly sense: 'at least' | 'at most'
  readonly value: number
  readonly stretch?: number
}

/** What one measurement found, and the numbers behind it for whoever reads the table. */
export type Outcome = {
  readonly findings: readonly Finding[]
  readonly notes: readonly string[]
}

export const meets = ({ value, bar }: Finding, mark = bar.value): boolean =>
  bar.sense === 'at least' ? value >= mark : value <= mark

const SIGNS = { 'at least': '≥', 'at most': '≤' } as const

const HEADINGS = ['what', 'measured', 'bar', 'stretch', ''] as const

export function tableOf(findings: readonly Finding[]): string {
  const rows = findings.map((finding) => {
    const { what, value, unit, bar } = finding
    const sign = SIGNS[bar.sense]
    return [
      what,
      `${shown(value)} ${unit}`,
      `${sign} ${bar.value}`,
      bar.stretch === undefined ? '' : `${sign} ${bar.stretch}`,
      verdictOf(finding),
    ]
  })
  const lines = [[...HEADINGS], ...rows]
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function verdictOf(finding: Finding): string {
  if (!meets(finding)) return 'MISSED'
  const { stretch } = finding.bar
  return stretch !== undefined && meets(finding, stretch) ? 'met, stretch too' : 'met'
}

/** Three significant digits, whole numbers from a thousand on. */
export const shown = (value: number): string =>
  Math.abs(value) >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))

/** `bar` is text such as `≥ 0.25`, so that it says which side is good. */
export async function writeReport(path: string, findings: readonly Finding[]): Promise<void> {
  const rows = findings.map((finding) => ({
    id: finding.id,
    what: finding.what,
    value: finding.value,
    unit: finding.unit,
    bar: `${SIGNS[finding.bar.sense]} ${finding.bar.value}`,
    met: meets(finding),
  }))
  await writeFile(path, `${JSON.stringify(rows, null, 2)}\n`)
}
