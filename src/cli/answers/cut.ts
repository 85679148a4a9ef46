/** `cut`: what a copy of the gateway's state consists of at this moment; its files are held until the asker goes. */

import type { Gateway } from '../../gateway.ts';
import type { Stream } from '../status-socket.ts';

export function answerCut(gateway: Pick<Gateway, 'cut'>): Stream {
  return (send) => {
    const { cut, release } = gateway.cut();
    send(cut);
    return release;
  };
}
