using MonitorCluster.Node;

WebApplication app = WebApplication.CreateSlimBuilder(args).Build();
app.MapWebUi();
await app.RunAsync();
