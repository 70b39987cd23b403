using Templating.Contract;

namespace Templating.UnitTests.Contract;

public sealed class FaultsTests
{
    [Fact]
    public void AHundredFaultsAreToldAndThatTheOthersAreNot()
    {
        var faults = new Faults();
        for (var i = 0; i < Faults.MaxCount; i++)
        {
            faults.Require(holds: false, $"field{i}", "It is wrong.");
        }

        faults.All.Count.ShouldBe(Faults.MaxCount);
        faults.All[^1].Field.ShouldBe("field99");

        faults.Add("field100", "It is wrong.");
        faults.RequireLabel("field101", "-");

        faults.All.Count.ShouldBe(Faults.MaxCount + 1);
        faults.All[^1].ShouldBe(new FieldViolation("...", "After 100 faults no more are listed; mend these first."));
    }

    [Fact]
    public void NobodyLooksForFaultsThatAreNotKept()
    {
        var faults = new Faults();
        var looked = 0;

        faults.AddRange(Enumerable.Range(0, 1_000_000).Select(i =>
        {
            looked++;
            return new FieldViolation($"field{i}", "It is wrong.");
        }));

        faults.All.Count.ShouldBe(Faults.MaxCount + 1);
        looked.ShouldBeLessThan(Faults.MaxCount + 3);
    }
}
