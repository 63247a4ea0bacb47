/** What a phone may be connected by. */
export type NetworkType = 'wifi' | '2g' | '3g' | '4g' | '5g' | 'unknown' | 'none';

/** What `wx.onNetworkStatusChange` tells. */
export interface NetworkStatus {
  readonly isConnected: boolean;
  readonly networkType: NetworkType;
}

/** A phone's connection, and the switch that a test holds in its hand. */
export interface Network {
  status(): NetworkStatus;
  /** From now on the phone is connected like this; with `none`, what is under way is cut off. */
  set(type: NetworkType): void;
  /** Tells of every change; what it answers ends that. */
  onChange(listener: (status: NetworkStatus) => void): () => void;
}

/** A connection that begins as `type`. */
export function createNetwork(type: NetworkType = 'wifi'): Network {
  const listeners = new Set<(status: NetworkStatus) => void>();
  let current = type;
  const status = (): NetworkStatus => ({ isConnected: current !== 'none', networkType: current });
  return {
    status,
    set(next) {
      if (next === current) return;
      current = next;
      for (const listener of [...listeners]) listener(status());
    },
    onChange(listener) {
      // A listener given twice is two: each has its own end.
      const own = (told: NetworkStatus) => listener(told);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
  };
}
