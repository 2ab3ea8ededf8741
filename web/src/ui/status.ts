// Each status of messages, tasks and accounts: a tone, an icon and a word, so that colour is never the only sign.
import type { Component } from 'vue'
import type { Channel } from '@/api/contract'
import { Ban, CheckCheck, CircleCheck, CircleDashed, CircleHelp, CircleX, Clock3, LoaderCircle, PauseCircle, RefreshCw, ShieldAlert, ShieldCheck, TimerOff } from 'lucide-vue-next'

export type StatusTone = 'ok' | 'warn' | 'bad' | 'info' | 'wait' | 'mute'
export const STATUSES: Record<string, { tone: StatusTone; icon: Component }> = {
  pending: { tone: 'wait', icon: CircleDashed },
  scheduled: { tone: 'wait', icon: Clock3 },
  processing: { tone: 'info', icon: LoaderCircle },
  running: { tone: 'info', icon: LoaderCircle },
  retrying: { tone: 'warn', icon: RefreshCw },
  success: { tone: 'ok', icon: CircleCheck },
  delivered: { tone: 'ok', icon: CheckCheck },
  completed: { tone: 'ok', icon: CircleCheck },
  failed: { tone: 'bad', icon: CircleX },
  expired: { tone: 'mute', icon: TimerOff },
  cancelled: { tone: 'mute', icon: Ban },
  unknown: { tone: 'warn', icon: CircleHelp },
  active: { tone: 'ok', icon: CircleCheck },
  disabled: { tone: 'mute', icon: PauseCircle },
  inactive: { tone: 'mute', icon: PauseCircle },
  paused: { tone: 'mute', icon: PauseCircle },
  closed: { tone: 'ok', icon: ShieldCheck },
  open: { tone: 'bad', icon: ShieldAlert },
  half_open: { tone: 'warn', icon: ShieldAlert },
  revoked: { tone: 'mute', icon: Ban },
}
export const MESSAGE_STATUSES = ['pending', 'scheduled', 'processing', 'retrying', 'success', 'delivered', 'failed', 'expired', 'cancelled', 'unknown'] as const
export const CHANNELS: readonly Channel[] = __CHANNELS__
