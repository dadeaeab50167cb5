import type { Page } from './page.ts'

export const LANDING_PAGE: Page = {
  title: 'Parley',
  body: `<h1>Parley</h1>
<p>An Agent2Agent (A2A) gateway and agent registry. Agents register their card here; clients find them and send them
messages, and every message becomes a durable task.</p>
<table>
<tr><td><a href="/agents">/agents</a></td><td>the agents you may see</td></tr>
<tr><td><a href="/docs">/docs</a></td><td>the native API (<a href="/openapi.json">OpenAPI</a>)</td></tr>
<tr><td><code>/a2a/{agent}</code></td><td>A2A 1.0 and 0.3 over JSON-RPC and REST, one address per agent</td></tr>
<tr><td><a href="/readyz">/readyz</a></td><td>is it ready?</td></tr>
</table>`,
}
