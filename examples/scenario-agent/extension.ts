import { defaultServerCallContextBuilder, type ServerCallContextBuilder } from '@a2a-js/sdk/server'

/** The one optional extension of the agent: while it is active, the skill `shout` answers in capitals. */
export const SHOUT = 'https://example.com/extensions/shout'

/**
 * Activates the extension for every call that asks for it. Done before the call begins, because the SDK answers with
 * the activated ones when a stream opens.
 */
export const activateExtensions: ServerCallContextBuilder = (options) => {
  const context = defaultServerCallContextBuilder(options)
  if (context.requestedExtensions?.includes(SHOUT)) context.addActivatedExtension(SHOUT)
  return context
}
