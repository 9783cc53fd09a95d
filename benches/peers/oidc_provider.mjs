// The npm package oidc-provider, with users who are logged in without a question, and its data in memory.
import { createServer } from 'node:http'
import { generateKeyPairSync } from 'node:crypto'
import { Provider } from 'oidc-provider'

// Keeps everything. The provider's own adapter for development keeps 1000 entries, fewer than the load has tokens.
const entries = new Map()
class Memory {
  constructor(model) {
    this.key = (id) => `${model}:${id}`
  }
  async upsert(id, payload) {
    entries.set(this.key(id), payload)
    if (payload.uid) entries.set(this.key(`uid:${payload.uid}`), payload)
  }
  async find(id) {
    return entries.get(this.key(id))
  }
  async findByUid(uid) {
    return entries.get(this.key(`uid:${uid}`))
  }
  async consume(id) {
    entries.get(this.key(id)).consumed = Math.floor(Date.now() / 1000)
  }
  async destroy(id) {
    entries.delete(this.key(id))
  }
  async revokeByGrantId() {
    throw new Error('no load revokes anything')
  }
}

const [clientId, clientSecret, redirectUri] = process.argv.slice(2)
const server = createServer()
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://localhost:${server.address().port}`
  const client = { redirect_uris: [redirectUri], token_endpoint_auth_method: 'client_secret_basic' }
  const refreshing = { ...client, grant_types: ['authorization_code', 'refresh_token'] }
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const provider = new Provider(issuer, {
    clients: [
      { ...client, client_id: clientId, client_secret: clientSecret },
      { ...refreshing, client_id: `${clientId}-refresh`, client_secret: clientSecret },
      { ...refreshing, client_id: `${clientId}-public`, token_endpoint_auth_method: 'none' }
    ],
    // It ignores `offline_access` of a client that does not show its own consent page.
    issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
    adapter: Memory,
    cookies: { keys: ['one of thirty-two letters and more'] },
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' }] },
    claims: { openid: ['sub'], profile: ['name', 'nickname', 'picture'] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false }, introspection: { enabled: true } },
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
