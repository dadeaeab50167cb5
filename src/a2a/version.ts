/** The versions of A2A that the gateway speaks, on either side. */
export const VERSIONS = ['1.0', '0.3'] as const

export type Version = (typeof VERSIONS)[number]

/**
 * The version that `text` names; `undefined` when we do not speak it. Only major and minor count: patches never matter
 * (A2A 1.0 §3.6), and a bare major means its `.0`.
 */
export function findVersion(text: string): Version | undefined {
  const [, major, minor = '0'] = /^(\d{1,4})(?:\.(\d{1,4})(?:\.\d{1,9})?)?$/.exec(text) ?? []
  return VERSIONS.find((version) => version === `${Number(major)}.${Number(minor)}`)
}
