using Microsoft.Extensions.Logging.Console;
using Templating.Node.Options;

namespace Templating.Node.Telemetry;

internal static class NodeLogging
{
    public static void AddNodeLogging(this ILoggingBuilder logging, NodeOptions options)
    {
        logging.SetMinimumLevel(options.LogLevel);
        // One line for each call is Kestrel's and routing's habit, not ours; their warnings are welcome.
        var others = options.LogLevel == LogLevel.Information ? LogLevel.Warning : options.LogLevel;
        logging.AddFilter("Microsoft", others);
        logging.AddFilter("Grpc", others);
        if (options.LogFormat == LogFormat.Json)
        {
            logging.AddJsonConsole(json =>
            {
                json.UseUtcTimestamp = true;
                json.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ";
            });
        }
        else
        {
            logging.AddSimpleConsole(text =>
            {
                text.SingleLine = true;
                text.UseUtcTimestamp = true;
                text.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
                text.ColorBehavior = LoggerColorBehavior.Default;
            });
        }
    }
}
