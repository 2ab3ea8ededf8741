export default {
  title: '总览', openMonitor: '打开监控大屏', attention: '需要关注', failures: '最近失败', noFailures: '没有失败的消息。', all: '全部', actions: '常用操作', server: '本服务器',
  greeting: { night: '夜深了', morning: '早上好', day: '你好', evening: '晚上好' },
  today: { title: '今日', sent: '发送总量', rate: '成功率', time: '响应时间', waiting: '正在排队' },
  action: { send: '单条，立即或定时', batch: '从 CSV 文件发送', templates: '带变量的文案', inbox: '收件人看到的样子', providers: '账号与健康状况', keys: '供程序访问' },
  version: '版本', running: '启动于', engines: '引擎', channels: '渠道', sandbox: '沙箱', sandboxOn: '已开启：没有账号的渠道投递到沙箱', sandboxOff: '已关闭', api: '这里的一切都有对应的接口',
  first: { title: '欢迎！还没有发送过消息。', text: '让一分钟的演示流量跑遍所有渠道，看监控大屏动起来。它只进入沙箱，不会离开本机。', own: '或者自己发送一条：' },
}
