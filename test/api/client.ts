import type { TestApi } from '../harness/postgrest.ts'

export interface Answer {
  readonly status: number
  readonly text: string
  /** The body as JSON; undefined where it is none. */
  readonly json: unknown
}

export interface Request {
  readonly method?: string
  readonly token?: string
  /** Sent as JSON; a string is sent as it is. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** One request as a user's script makes it. */
export async function request(api: TestApi, path: string, options: Request = {}): Promise<Answer> {
  const { body, token, headers } = options
  const response = await fetch(`${api.url}${path}`, {
    method: options.method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, text, json: parsed(text) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Asks get_metrics, each argument encoded. */
export function getMetrics(
  api: TestApi,
  parameters: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return request(api, `/rpc/get_metrics?${new URLSearchParams(parameters)}`, { headers })
}
