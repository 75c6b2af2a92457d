/** Host of the registry that names without a host belong to. */
export const DOCKER_HUB = 'docker.io';

/** The address under which Docker keeps credentials of Docker Hub. */
const HUB_SERVER = 'https://index.docker.io/v1/';

/** Registry of an address: `https://registry.acme.test/v2/` and `registry.acme.test` are one. */
export function hostOf(server: string): string {
  const host = server.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  return ['index.docker.io', 'registry-1.docker.io', ''].includes(host) ? DOCKER_HUB : host;
}

/** Address of a registry, as credentials are kept under it. */
export function serverOf(registry: string): string {
  return registry === DOCKER_HUB ? HUB_SERVER : registry;
}

/** Where the registry's API is: Docker's own is at another host than its name. */
export function apiHost(registry: string): string {
  return registry === DOCKER_HUB ? 'registry-1.docker.io' : registry;
}

/** Whether a registry is on this machine: such a one seldom has a certificate. */
export function isLoopback(registry: string): boolean {
  const host = registry.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
