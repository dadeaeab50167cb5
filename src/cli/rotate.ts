import { parseArgs } from 'node:util'
import { SIGNING_USES, type SigningUse } from '../access/service-identity/signing-key-store.ts'
import { addMasterKey } from '../config/add-master-key.ts'
import { toConfig } from '../config/config.ts'
import type { Environment } from '../config/env.ts'
import { toSecrets } from '../config/secrets.ts'
import { rotateMasterKey, rotateSigningKeys } from '../main/rotate-keys.ts'

export const ROTATE_HELP = `parley rotate: replaces keys, beside gateways that run on the same data folder

  parley rotate signing-keys [--use service|webhook|card] [--compromised]

    Makes another key for what Parley signs: tokens for agents (service), webhooks, cards; all of them without --use.
    It is published now, signs 15 minutes from now, and the present one stays published for as long as something it
    signed may be about.

    --compromised   The new key signs at once and the others are no longer published: what they signed is worthless as
                    soon as those who verify it ask for our keys again.

  parley rotate master-key

    Encrypts anew, with the first master key, every stored secret that an older one encrypted. May be interrupted and
    repeated. Where nothing is left to do and the key is the generated one (DATA_DIR/master.key), a fresh one is put
    before it in the file first. Keys from PARLEY_MASTER_KEY or PARLEY_MASTER_KEY_FILE are yours to replace: put the new
    one in front of the old one, and take the old one away when this is done.
`

/** Runs one of the commands above; false when it is none of them. */
export async function rotate(args: readonly string[], environment: Environment): Promise<boolean> {
  const [what, ...rest] = args
  const signing = what === 'signing-keys' ? signingOptions(rest) : undefined
  if (signing !== undefined) await rotateSigning(environment, signing)
  else if (what === 'master-key' && rest.length === 0) await rotateMaster(environment)
  else return false
  return true
}

async function rotateSigning(
  environment: Environment,
  { uses, isCompromised }: SigningOptions,
): Promise<void> {
  const { config, secrets } = read(environment)
  const keys = await rotateSigningKeys(config, secrets, uses, isCompromised)
  for (const [index, { id, signsFrom }] of keys.entries()) {
    console.log(`${uses[index]}: the key ${id} signs from ${new Date(signsFrom).toISOString()} on`)
  }
}

async function rotateMaster(environment: Environment): Promise<void> {
  const { config, secrets } = read(environment)
  const done = await rotateMasterKey(config, secrets, () => addMasterKey(environment.env, config))
  for (const { kind, count } of done) console.log(`${kind}: ${count} encrypted anew`)
  const [{ id }, ...older] = secrets.masterKeys()
  console.log(`Everything stored is encrypted with the master key ${id}.`)
  if (older.length > 0) {
    console.log('The keys after it are needed by copies of the database only, and may be taken away.')
  }
}

function read({ env, isProduction, proxyVariables }: Environment) {
  const config = toConfig(env, { cwd: process.cwd(), isProduction })
  return { config, secrets: toSecrets(env, config, proxyVariables) }
}

type SigningOptions = { readonly uses: readonly SigningUse[]; readonly isCompromised: boolean }

function signingOptions(args: readonly string[]): SigningOptions | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { use: { type: 'string', multiple: true }, compromised: { type: 'boolean', default: false } },
    })
    const { use: wanted = SIGNING_USES, compromised: isCompromised } = values
    const uses = SIGNING_USES.filter((use) => wanted.includes(use))
    return wanted.every((name) => uses.some((use) => use === name)) ? { uses, isCompromised } : undefined
  } catch {
    // What was written is no option.
    return undefined
  }
}
