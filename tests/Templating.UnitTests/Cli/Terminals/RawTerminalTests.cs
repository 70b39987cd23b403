using System.Runtime.InteropServices;
using Templating.Cli.Terminals;

namespace Templating.UnitTests.Cli.Terminals;

public sealed partial class RawTerminalTests
{
    [Fact]
    public void ATerminalIsRawWithinAndAsItWasAfterwards()
    {
        OpenTerminal(out var master, out var slave, nint.Zero, nint.Zero, nint.Zero).ShouldBe(0);
        try
        {
            var before = Settings(slave);
            using (RawTerminal.Enter(slave))
            {
                Settings(slave).ShouldNotBe(before);
            }

            Settings(slave).ShouldBe(before);
        }
        finally
        {
            _ = LibC.Close(slave);
            _ = LibC.Close(master);
        }
    }

    [Fact]
    public void WhatIsNoTerminalIsRefused()
    {
        using var file = File.OpenHandle("/dev/null");
        Should.Throw<IOException>(() => RawTerminal.Enter((int)file.DangerousGetHandle())).Message.ShouldContain("terminal");
    }

    private static byte[] Settings(int descriptor)
    {
        var settings = new byte[64];
        LibC.GetTerminal(descriptor, ref settings[0]).ShouldBe(0);
        return settings;
    }

    [LibraryImport("libc", EntryPoint = "openpty")]
    private static partial int OpenTerminal(out int master, out int slave, nint name, nint attributes, nint size);
}
