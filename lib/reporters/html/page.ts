import { createHash } from 'node:crypto';
import type { RunEvent } from '../../engine/events';
import { graphSection } from './graph-svg';
import { checksSection, logsSection } from './logs';
import { markup, Markup, type Content } from './markup';
import { recordOf, type RunRecord } from './run-record';
import { SCRIPT } from './script';
import { artifactsSection, cachedSection, headerSection, problemsSection, resourcesSection } from './sections';
import { STYLE } from './style';
import { timelineSection } from './timeline';

/** The page from top to bottom. */
const SECTIONS: readonly ((record: RunRecord) => Content)[] = [
  headerSection,
  problemsSection,
  graphSection,
  timelineSection,
  artifactsSection,
  checksSection,
  cachedSection,
  logsSection,
  resourcesSection,
];

/**
 * A run as one HTML page that needs nothing else: no network, no folder beside it. Its own policy allows the one
 * style sheet and the one script in it, by their hashes, and nothing more.
 */
export function renderReport(events: Iterable<RunEvent>): string {
  const record = recordOf(events);
  const policy = `default-src 'none'; style-src '${hashOf(STYLE)}'; script-src '${hashOf(SCRIPT)}'; base-uri 'none'; form-action 'none'`;
  const page = markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="${policy}">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>${record.state.app || 'Run'}: ${record.state.end?.status ?? 'unfinished'}</title>
        <style>${new Markup(STYLE)}</style>
      </head>
      <body>
        <main>
          ${SECTIONS.map((section) => section(record))}
        </main>
        <script>${new Markup(SCRIPT)}</script>
      </body>
    </html>
  `;
  return page.text;
}

/** How a content security policy names an inline text: https://www.w3.org/TR/CSP3/#framework-directive-source-list. */
function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
