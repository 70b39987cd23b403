using System.Runtime.InteropServices;
using Templating.Core.Linux;

namespace Templating.Shim.Network;

/// <summary>
/// What becomes of the frames that come in at an interface (tc(8)); values of linux/pkt_sched.h, pkt_cls.h and tc_act/tc_mirred.h. The filter is u32's with one key that
/// all frames have: matchall would say it better, and not every kernel has it.
/// </summary>
internal static class TrafficControl
{
    private const ushort NewQueue = 36, DeleteQueue = 37;                       // RTM_*QDISC
    private const ushort NewFilter = 44, DeleteFilter = 45, GetFilter = 46;     // RTM_*TFILTER
    private const ushort KindOf = 1, OptionsOf = 2;                             // TCA_KIND, TCA_OPTIONS; and TCA_ACT_KIND, TCA_ACT_OPTIONS
    private const ushort SelectorOf = 5, ActionsOf = 7;                         // TCA_U32_SEL, TCA_U32_ACT
    private const ushort ParametersOf = 2;                                      // TCA_MIRRED_PARMS

    private const uint IngressHandle = 0xFFFF0000;
    private const uint IngressParent = 0xFFFFFFF1;      // TC_H_INGRESS

    /// <summary>TC_H_MIN_INGRESS: the same place in a queue of the kind "ingress" and in one of "clsact", which another may have made.</summary>
    private const uint FiltersParent = 0xFFFFFFF2;

    /// <summary>Before those of all others.</summary>
    private const uint Preference = 1;

    private const uint AllProtocols = 0x0300;           // ETH_P_ALL, in the network's order
    private const string Ingress = "ingress";
    private const string Filter = "u32";
    private const string Mirred = "mirred";

    /// <summary>Lets each frame that comes in at one interface go out at another.</summary>
    public static void Redirect(Rtnetlink kernel, int from, int to)
    {
        if (kernel.TryAsk(QueueRequest(NewQueue, NetlinkRequest.Create | NetlinkRequest.Exclusive, from), out var reason) is not (0 or Errno.Exists))
        {
            throw kernel.Failure("give an interface an ingress queue (the kernel's module sch_ingress)", reason);
        }

        var target = Find(kernel, from).FirstOrDefault(f => f.IsOurs)?.Target;
        if (target == to)
        {
            return;
        }

        if (target is not null)
        {
            // Of a tap that is gone.
            kernel.Ask(FilterRequest(DeleteFilter, 0, from), "take an interface's old filter away");
        }

        kernel.Ask(
            FilterRequest(NewFilter, NetlinkRequest.Create | NetlinkRequest.Exclusive, from).Put(KindOf, Filter)
                .Nest(OptionsOf, options => options.Put(SelectorOf, Selector.All).Nest(ActionsOf, actions => actions.Nest(1, action => action
                    .Put(KindOf, Mirred).Nest(OptionsOf, inner => inner.Put(ParametersOf, new Parameters { Action = Parameters.Stolen, What = Parameters.RedirectOut, Target = to }))))),
            "redirect an interface's frames (the kernel's modules cls_u32 and act_mirred)");
    }

    /// <summary>Takes that away again, and what others put there stays.</summary>
    public static void Restore(Rtnetlink kernel, int index)
    {
        var found = Find(kernel, index);
        if (found.Any(f => f.IsOurs))
        {
            kernel.Ask(FilterRequest(DeleteFilter, 0, index), "take an interface's filter away");
        }

        // A queue of another kind, or none, is refused and let be.
        if (found.All(f => f.IsOurs) && kernel.TryAsk(QueueRequest(DeleteQueue, 0, index), out var reason) is not (0 or Errno.Invalid or Errno.NoEntry))
        {
            throw kernel.Failure("take an interface's ingress queue away", reason);
        }
    }

    /// <summary>Filters with an action.</summary>
    private static IReadOnlyList<Found> Find(Rtnetlink kernel, int index) => [.. kernel.List(
        NetlinkRequest.Of(GetFilter, NetlinkRequest.Dump, new Head { Index = index, Parent = FiltersParent }), NewFilter, Parse, "list an interface's filters").OfType<Found>()];

    /// <summary>Null for what is no filter in itself: a filter's list and its tables are told of as filters, too.</summary>
    public static Found? Parse(NetlinkPart message)
    {
        var (isOfU32, isFilter, target) = (false, false, (int?)null);
        foreach (var part in message.After(Marshal.SizeOf<Head>()))
        {
            isOfU32 |= part.Type == KindOf && part.Body.TrimEnd((byte)0).SequenceEqual("u32"u8);
            if (part.Type != OptionsOf)
            {
                continue;
            }

            // Tables of u32 have options, too, and no selector.
            isFilter = !isOfU32;
            foreach (var option in part.After(0))
            {
                isFilter |= option.Type == SelectorOf;
                target = isOfU32 && option.Type == ActionsOf ? TargetOf(option) : target;
            }
        }

        return isFilter ? new Found(message.Head<Head>().Info >> 16 == Preference && target is not null, target) : null;
    }

    /// <summary>Of the first action, where it redirects.</summary>
    private static int? TargetOf(NetlinkPart actions)
    {
        foreach (var action in actions.After(0))
        {
            var isMirred = false;
            foreach (var part in action.After(0))
            {
                isMirred |= part.Type == KindOf && part.Body.TrimEnd((byte)0).SequenceEqual("mirred"u8);
                if (!isMirred || part.Type != OptionsOf)
                {
                    continue;
                }

                foreach (var option in part.After(0))
                {
                    if (option.Type == ParametersOf && option.Head<Parameters>() is { What: Parameters.RedirectOut } parameters)
                    {
                        return parameters.Target;
                    }
                }
            }
        }

        return null;
    }

    private static NetlinkRequest QueueRequest(ushort type, ushort flags, int index) =>
        NetlinkRequest.Of(type, (ushort)(NetlinkRequest.Acknowledge | flags), new Head { Index = index, Handle = IngressHandle, Parent = IngressParent }).Put(KindOf, Ingress);

    private static NetlinkRequest FilterRequest(ushort type, ushort flags, int index) => NetlinkRequest.Of(
        type, (ushort)(NetlinkRequest.Acknowledge | flags), new Head { Index = index, Parent = FiltersParent, Info = (Preference << 16) | AllProtocols });

    /// <param name="IsOurs">By its preference.</param>
    /// <param name="Target">Where it redirects to, by index.</param>
    internal sealed record Found(bool IsOurs, int? Target);

    /// <summary>struct tcmsg.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Head
    {
        public uint Family;
        public int Index;
        public uint Handle;
        public uint Parent;
        public uint Info;
    }

    /// <summary>struct tc_u32_sel with one struct tc_u32_key.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Selector
    {
        public byte Flags;
        public byte OffsetShift;
        public byte Keys;
        public byte Padding;
        public uint Offset;
        public uint MoreOffset;
        public uint HashMask;
        public uint Mask;
        public uint Value;
        public int At;
        public int AtMask;

        /// <summary>Ends the search (TC_U32_TERMINAL) where no bit of the first word differs from 0, under a mask of none.</summary>
        public static Selector All => new() { Flags = 1, Keys = 1 };
    }

    /// <summary>struct tc_mirred.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Parameters
    {
        public const int Stolen = 4;        // TC_ACT_STOLEN
        public const int RedirectOut = 1;   // TCA_EGRESS_REDIR

        public uint Number;
        public uint Capabilities;
        public int Action;
        public int References;
        public int Bindings;
        public int What;
        public int Target;
    }
}
