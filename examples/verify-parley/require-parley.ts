import type { RequestHandler } from 'express'
import { tokenIn, type VerifyParleyToken } from './parley-token.ts'

/** Express middleware that lets only Parley's calls pass; who calls is then in `response.locals.caller`. */
export const requireParley =
  (verify: VerifyParleyToken): RequestHandler =>
  async (request, response, next) => {
    try {
      const { sub } = await verify(tokenIn((name) => request.get(name)))
      response.locals.caller = sub
    } catch {
      response.status(401).set('www-authenticate', 'Bearer error="invalid_token"').end()
      return
    }
    next()
  }
