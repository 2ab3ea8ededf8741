// Icon and chart colour of each channel, the same on every page; others have a plain one.
import { Bell, Bird, Hash, Mail, MessageCircle, MessageSquare, MessagesSquare, Webhook } from 'lucide-vue-next'
import type { Component } from 'vue'

export const CHANNEL_LOOK: Record<string, { icon: Component; color: string }> = {
  sms: { icon: MessageSquare, color: '--chart-1' },
  email: { icon: Mail, color: '--chart-5' },
  app: { icon: Bell, color: '--chart-3' },
  wechat: { icon: MessagesSquare, color: '--chart-6' },
  feishu: { icon: Bird, color: '--chart-2' },
  dingtalk: { icon: MessageCircle, color: '--chart-4' },
  slack: { icon: Hash, color: '--chart-7' },
  webhook: { icon: Webhook, color: '--chart-8' },
}
