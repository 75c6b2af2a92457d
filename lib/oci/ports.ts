/** Ports as a configuration has them: `80` is `80/tcp`, and `8080-8081/udp` is two. */
export function portsOf(text: string): readonly string[] {
  const [, first, last = first, protocol = 'tcp'] = /^(\d+)(?:-(\d+))?(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? [];
  const count = Number(last) - Number(first) + 1;
  if (!(count > 0 && Number(last) <= 65_535))
    throw new Error(`\`${text}\` is no port; one looks like 80, 8080-8090 or 53/udp`);
  return Array.from({ length: count }, (_, index) => `${Number(first) + index}/${protocol.toLowerCase()}`);
}
