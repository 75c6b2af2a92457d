import { constants, publicEncrypt, randomInt } from 'node:crypto';
import type { Origin, WindowsComputer } from '../../machines/computer';
import { parsed } from '../../machines/ssh-front';
import type { WsmanServer } from '../../windows/wsman';
import type { Instance } from '../types';
import type { World } from '../world';

/** Where Windows answers: docs.microsoft.com, "Installation and configuration for Windows Remote Management". */
export const WINRM = 5985;
/** Who its password is of. */
const USER = 'Administrator';
/** At least one of each, as Windows wants it. */
const SIGNS = ['abcdefghijkmnpqrstuvwxyz', 'ABCDEFGHJKLMNPQRSTUVWXYZ', '23456789', '!@#$%^&*()-_=+?.'] as const;
const LENGTH = 32;

/** What runs for an instance of Windows: its files, and the server of WinRM in front of them. */
export class WindowsHost {
  private constructor(
    private readonly computer: WindowsComputer,
    private readonly server: WsmanServer,
    /** That it made when it started for the first time; undefined where it came with its disk. */
    private readonly password: string | undefined,
  ) {}

  /** Starts it: where its disk is new or was generalized, the administrator gets a password that is made then. */
  static async boot(
    world: World,
    instance: Instance,
    origin: Origin & { readonly kind: 'windows' },
    hooks: { readonly isOpen: () => boolean; readonly onShutdown: () => void },
  ): Promise<WindowsHost> {
    const { WsmanServer: Server } = require('../../windows/wsman') as typeof import('../../windows/wsman');
    const computer = await world.room.launchWindows(origin.disk);
    const { machine } = computer;
    machine.readUsers();
    const isNew = origin.generalized || !machine.users.has(USER);
    const password = isNew ? newPassword() : undefined;
    if (password !== undefined) machine.setPassword(USER, password);
    machine.onShutdown = hooks.onShutdown;
    const server = new Server({ machine, address: instance.address, port: WINRM, isOpen: hooks.isOpen });
    await server.start();
    return new WindowsHost(computer, server, password);
  }

  /** The password as GetPasswordData gives it: encrypted with the key pair of the launch, which must be RSA. */
  encrypted(publicKey: string | undefined): string {
    const key = publicKey === undefined ? undefined : parsed(publicKey);
    if (this.password === undefined || key?.type !== 'ssh-rsa') return '';
    const how = { key: key.getPublicPEM(), padding: constants.RSA_PKCS1_PADDING };
    return publicEncrypt(how, Buffer.from(this.password)).toString('base64');
  }

  /** Ends all connections. */
  hangUp(): void {
    for (const socket of this.server.sockets) socket.destroy();
  }

  freeze(): Promise<Origin> {
    this.hangUp();
    return this.computer.freeze();
  }

  async destroy(): Promise<void> {
    await this.server.stop();
    await this.computer.destroy();
  }
}

function newPassword(): string {
  const pick = (signs: string): string => signs[randomInt(signs.length)]!;
  const rest = Array.from({ length: LENGTH - SIGNS.length }, () => pick(SIGNS.join('')));
  return [...SIGNS.map(pick), ...rest].join('');
}
