// The npm packages better-auth and @better-auth/oauth-provider on a PostgreSQL. They have no WeChat to ask: their login
// page gives each new browser an anonymous user and a session, without a question.
import { createServer } from 'node:http'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { fromNodeHeaders, toNodeHandler } from 'better-auth/node'
import { anonymous, jwt } from 'better-auth/plugins'
import { oauthProvider } from '@better-auth/oauth-provider'
import pg from 'pg'

const [clientId, clientSecret, redirectUri, socket, database] = process.argv.slice(2)
const server = createServer()
server.listen(0, '127.0.0.1', async () => {
  const origin = `http://localhost:${server.address().port}`
  let created = 0
  const ids = [clientId, `${clientId}-refresh`, `${clientId}-public`]
  const options = {
    baseURL: origin,
    basePath: '/auth',
    secret: 'one of thirty-two letters and more',
    database: new pg.Pool({ host: socket, user: 'weixin', database, max: 10 }),
    logger: { level: 'error' },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    // The names of its own endpoint and of the provider's would be the same.
    disabledPaths: ['/token'],
    plugins: [
      anonymous(),
      jwt({ jwks: { keyPairConfig: { alg: 'RS256', modulusLength: 2048 } } }),
      oauthProvider({
        loginPage: '/login',
        consentPage: '/consent',
        generateClientId: () => ids[created++],
        generateClientSecret: () => clientSecret,
        cachedTrustedClients: new Set(ids)
      })
    ]
  }
  const { runMigrations } = await getMigrations(options)
  await runMigrations()
  const auth = betterAuth(options)
  const client = {
    redirect_uris: [redirectUri],
    scope: 'openid profile offline_access',
    grant_types: ['authorization_code', 'refresh_token'],
    skip_consent: true
  }
  const owner = await auth.api.signInAnonymous({ asResponse: true })
  const cookies = owner.headers.getSetCookie().map((cookie) => cookie.split(';')[0])
  const headers = new Headers({ cookie: cookies.join('; ') })
  for (const token_endpoint_auth_method of ['client_secret_basic', 'client_secret_basic', 'none']) {
    await auth.api.adminCreateOAuthClient({ headers, body: { ...client, token_endpoint_auth_method } })
  }
  const handler = toNodeHandler(auth)
  server.on('request', async (request, response) => {
    const url = new URL(request.url, origin)
    if (url.pathname === '/auth/.well-known/openid-configuration') {
      const metadata = await auth.api.getOpenIdConfig({ headers: fromNodeHeaders(request.headers) })
      response.setHeader('content-type', 'application/json')
      return response.end(JSON.stringify(metadata))
    }
    if (url.pathname !== '/login') return handler(request, response)
    const session = await auth.api.signInAnonymous({ headers: fromNodeHeaders(request.headers), asResponse: true })
    response.writeHead(302, {
      'set-cookie': session.headers.getSetCookie(),
      location: `/auth/oauth2/authorize${url.search}`
    })
    response.end()
  })
  console.log(`${origin}/auth`)
})
process.on('SIGTERM', () => process.exit())
