import type { AmazonEbsConfig } from '../props/amazon-ebs-props';

/** Whether the instance is reached by a session of Systems Manager: no address, no open port. */
export function usesSession({ sshInterface, communicator }: AmazonEbsConfig): boolean {
  return sshInterface === 'session_manager' && communicator !== 'none';
}

/** Whether the key that one logs in with is lent to the instance for each login: EC2 Instance Connect. */
export function lendsKey({ sshInterface, sshKeypairName, communicator }: AmazonEbsConfig): boolean {
  if (communicator === 'none' || (communicator !== undefined && communicator.type !== 'ssh')) return false;
  if (sshInterface === 'instance_connect') return true;
  // As Packer: a key of one's own that the instance does not have as a key pair.
  return (
    sshInterface === 'session_manager' && sshKeypairName === undefined && communicator?.privateKeyFile !== undefined
  );
}
