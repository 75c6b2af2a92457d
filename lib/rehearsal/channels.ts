import type { WebSocket } from 'ws';
import type { Cloud, CloudRequest } from './cloud';

/** A cloud with web sockets. Apart from {@link Cloud}, which programs see, since they need not have the types of `ws`. */
export interface ChannelCloud extends Cloud {
  /** Serves a web socket; undefined where the address is of none. */
  channel?(request: Pick<CloudRequest, 'url' | 'headers'>): ((socket: WebSocket) => void) | undefined;
}
