using System.Runtime.InteropServices;

namespace Templating.Shim.Network;

/// <summary>Which table of routes is asked, and when; values of linux/fib_rules.h.</summary>
/// <param name="Priority">The least is asked first.</param>
/// <param name="IsUsual">Whether each namespace has it from its beginning.</param>
internal sealed record RuleEntry(uint Priority, bool IsUsual)
{
    private const ushort GetRule = 34;          // RTM_GETRULE
    private const ushort NewRule = 32;          // RTM_NEWRULE
    private const byte ToTable = 1;             // FR_ACT_TO_TBL
    private const uint LocalTable = 255;        // RT_TABLE_LOCAL
    private const uint DefaultTable = 253;      // RT_TABLE_DEFAULT

    public static IReadOnlyList<RuleEntry> List(Rtnetlink kernel, byte family) =>
        kernel.List(Inet.ListOf(GetRule, new Head { Family = family }), NewRule, Parse, "list the rules of routing");

    /// <exception cref="InvalidDataException">It is cut short, or of no family that was asked for.</exception>
    public static RuleEntry Parse(NetlinkPart message)
    {
        const ushort PriorityOf = 6, TableOf = 15;
        var head = message.Head<Head>();
        if (!Inet.IsKnown(head.Family))
        {
            throw NetlinkReader.Torn();
        }

        var (priority, table) = (0u, (uint)head.Table);
        foreach (var part in message.After(Inet.SizeOf<Head>()))
        {
            (priority, table) = part.Type switch
            {
                PriorityOf => (part.U32(), table),
                TableOf => (priority, part.U32()),
                _ => (priority, table),
            };
        }

        return new RuleEntry(
            priority, head is { Action: ToTable, ToPrefix: 0, FromPrefix: 0 } && (priority, table) is (0, LocalTable) or (32766, RouteEntry.MainTable) or (32767, DefaultTable));
    }

    /// <summary>struct fib_rule_hdr.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Head
    {
        public byte Family;
        public byte ToPrefix;
        public byte FromPrefix;
        public byte Service;
        public byte Table;
        public byte Reserved;
        public byte MoreReserved;
        public byte Action;
        public uint Flags;
    }
}
