using MonitorCluster.Pbm;
using MonitorCluster.Pbm.Prompt;

using var interrupts = new Interrupts();
Console.CancelKeyPress += (_, e) =>
{
    // The command ends, and with it the program says 130; the runtime's own way out would lose what is not yet written.
    e.Cancel = true;
    interrupts.Interrupt();
};
var program = new PbmProgram(Console.Out, Console.Error, Environment.GetEnvironmentVariable, Console.IsOutputRedirected, TimeProvider.System);
return (int)await program.RunAsync(args, history => Console.IsInputRedirected ? new PlainLineReader(Console.In) : LineEditor.OnConsole(history), interrupts);
