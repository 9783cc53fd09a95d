// The npm package oidc-provider, with a user who is logged in without a question: what it does by itself, in memory.
import { createServer } from 'node:http'
import { generateKeyPairSync } from 'node:crypto'
import { Provider } from 'oidc-provider'

const [clientId, clientSecret, redirectUri] = process.argv.slice(2)
const server = createServer()
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://localhost:${server.address().port}`
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri], token_endpoint_auth_method: 'client_secret_basic' }],
    cookies: { keys: ['one of thirty-two letters and more'] },
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' }] },
    claims: { openid: ['sub'], profile: ['name', 'nickname', 'picture'] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: 'Alice', nickname: 'Alice', picture: 'https://example.com/a.jpg' }) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    async loadExistingGrant(context) {
      const { client, session } = context.oidc
      const known = session.grantIdFor(client.clientId)
      if (known) return context.oidc.provider.Grant.find(known)
      const grant = new context.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId })
      grant.addOIDCScope('openid profile')
      await grant.save()
      return grant
    }
  })
  let users = 0
  const callback = provider.callback()
  server.on('request', async (request, response) => {
    if (!request.url.startsWith('/interaction/')) return callback(request, response)
    await provider.interactionFinished(request, response, { login: { accountId: `user${users++}` } }, { mergeWithLastSubmission: false })
  })
  console.log(issuer)
})
process.on('SIGTERM', () => process.exit())
