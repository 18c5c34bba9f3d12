/**
 * Prepares the look-ups of names (getaddrinfo): each keeps a thread of libuv's until the name servers answer or time out, and
 * libuv lends them half of its threads. With its 4 threads and the 10 s of glibc's resolver, two dead names would stop
 * every other look-up, the database's too; 128 threads that sleep cost 4 MB. A look-up cannot be broken off either, so that
 * the end of the program waits for it. Not the resolver of Node's own (`dns.Resolver`): it does not know /etc/hosts.
 *
 * @param environment this process's own: both libuv and the resolver read it at the first look-up. What the administrator
 *   has set stays.
 */
export function prepareLookups(environment: NodeJS.ProcessEnv): void {
  environment.UV_THREADPOOL_SIZE ??= '128'
  environment.RES_OPTIONS ??= 'timeout:1 attempts:2'
}
