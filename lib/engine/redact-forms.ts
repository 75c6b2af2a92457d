/** Shorter values would be found everywhere by chance. */
export const SHORTEST = 4;
/** The same for what is left of a value in base64 when its uncertain ends are cut off. */
const SHORTEST_ENCODED = 6;

/** The forms in which a value may appear: as it is, base64, hex, URL, JSON, quoted for a shell or PowerShell. */
export function formsOf(value: string): readonly string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const hex = Buffer.from(value).toString('hex');
  return [
    value,
    json,
    JSON.stringify(json).slice(1, -1),
    ...urlFormsOf(value),
    value.replace(/'/g, `'\\''`),
    value.replace(/'/g, `'"'"'`),
    value.replace(/(["\\$`])/g, '\\$1'),
    value.replace(/([^A-Za-z0-9_\-.,:+/@\n])/g, '\\$1'),
    value.replace(/'/g, "''"),
    value.replace(/(["$`'])/g, '`$1'),
    hex,
    hex.toUpperCase(),
    ...base64FormsOf(value),
  ].filter((form) => form.length >= SHORTEST);
}

function urlFormsOf(value: string): readonly string[] {
  // Half of a surrogate pair is in no URL.
  if (/\p{Surrogate}/u.test(value)) return [];
  const encoded = encodeURIComponent(value);
  return [
    encoded,
    encodeURI(value),
    encoded.replace(/%20/g, '+'),
    encoded.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    new URLSearchParams({ v: value }).toString().slice(2),
  ];
}

/**
 * Base64 of the value, and of it inside of something longer: three letters become four, so the letters depend on where it
 * begins. The first and last are shared with the neighbours and are left out.
 */
function base64FormsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const forms = [bytes.toString('base64'), bytes.toString('base64').replace(/=+$/, '')];
  for (const offset of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const from = offset === 0 ? 0 : offset + 1;
    const sure = encoded.slice(from, Math.floor(((offset + bytes.length) * 8) / 6));
    if (sure.length >= SHORTEST_ENCODED) forms.push(sure);
  }
  return forms.flatMap((form) => [form, form.replace(/\+/g, '-').replace(/\//g, '_')]);
}
