import { parseXml, type XmlElement } from '../../lib/util/xml';

/** An answer as data: lists are of `item` or `member`. */
export interface Data {
  readonly [name: string]: Data | readonly Data[] | string;
}

/** What a call answered. */
export interface Reply {
  readonly status: number;
  readonly data: Data;
  /** Code of the error, where it is one. */
  readonly code: string | undefined;
}

/** Calls of the query protocols, signed as far as the server looks at it. */
export function client(
  endpoint: string,
  options: { readonly region?: string; readonly service?: string; readonly key?: string } = {},
) {
  const { region = 'eu-west-1', service = 'ec2', key = 'AKIAEXAMPLE' } = options;
  return async (action: string, params: Readonly<Record<string, string | number | boolean>> = {}): Promise<Reply> => {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=${key}/20261122/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`,
      },
      body: new URLSearchParams({
        Action: action,
        ...Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)])),
      }),
    });
    const data = dataOf(parseXml(await response.text())) as Data;
    return { status: response.status, data, code: codeOf(data) };
  };
}

function codeOf(data: Data): string | undefined {
  const error = (data['Errors'] as Data | undefined)?.['Error'] ?? data['Error'];
  return (error as Data | undefined)?.['Code'] as string | undefined;
}

function dataOf(element: XmlElement): Data | readonly Data[] | string {
  if (element.children.length === 0) return element.text;
  if (element.children.every(({ name }) => name === 'item' || name === 'member'))
    return element.children.map((child) => dataOf(child) as Data);
  return Object.fromEntries(element.children.map((child) => [child.name, dataOf(child)]));
}

/** Entries of a list; none where it is empty. */
export function items(list: Data[string] | undefined): readonly Data[] {
  return Array.isArray(list) ? (list as readonly Data[]) : [];
}
