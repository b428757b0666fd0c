using Microsoft.AspNetCore.Http.HttpResults;
using VProtect.Catalog;
using VProtect.Catalog.Policies;
using VProtect.Catalog.Sql;
using VProtect.Server.Access;
using VProtect.Server.Api.Shared;
using VProtect.Server.Policies;
using VProtect.Server.Validation;

namespace VProtect.Server.Api.Policies;

/// <summary>Rules of policies: when, where to, and what is kept.</summary>
internal static class RulesApi
{
    public static void Map(IEndpointRouteBuilder api)
    {
        Map(api.MapGroup("/rules/vm-backup"), PolicyKind.VmBackup);
        Map(api.MapGroup("/rules/vm-snapshot"), PolicyKind.VmSnapshot);
    }

    private static void Map(RouteGroupBuilder rules, PolicyKind kind)
    {
        string word = OfKind.Word(kind);
        rules.WithTags("policies").WithMetadata(new OfKind(kind));
        rules.MapGet("", ListAsync).Describe($"Lists rules of {word} policies, or of one policy.", Permission.PoliciesRead, 400);
        rules.MapGet("/{guid:guid}", GetAsync).Describe($"Gets a rule of a {word} policy.", Permission.PoliciesRead, 404);
        rules.MapPost("", CreateAsync).Describe($"Adds a rule to a {word} policy.", Permission.PoliciesWrite, 400);
        rules.MapPut("/{guid:guid}", UpdateAsync).Describe($"Changes a rule of a {word} policy.", Permission.PoliciesWrite, 400, 404, 412);
        rules.MapDelete("/{guid:guid}", DeleteAsync).Describe($"Deletes a rule of a {word} policy; what it made stays.", Permission.PoliciesWrite, 404, 412);
    }

    private static async Task<Ok<List<RuleView>>> ListAsync(
        Guid? policy, [AsParameters] ListParameters list, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        ListPage<Rule> page = await session.Rules.ListAsync(OfKind.Of(context), policy, list.ToQuery(), cancellationToken);
        IReadOnlyList<Policy> policies = await session.Policies.FindManyAsync([.. page.Rows.Select(rule => rule.PolicyGuid).Distinct()], cancellationToken);
        IReadOnlyList<PolicyConfig> configs = await PolicyReading.OfAsync(session, policies, cancellationToken);
        PolicyShowing showing = await PolicyShowing.OfAsync(session, configs, cancellationToken);
        Dictionary<Guid, (RuleConfig Rule, Policy Policy)> rules = configs
            .SelectMany(config => config.Rules.Select(rule => (rule, config.Policy))).ToDictionary(pair => pair.rule.Rule.Guid);
        return ListParameters.Answer(context, page, rule => showing.View(rules[rule.Guid].Rule, rules[rule.Guid].Policy, isExtended: true));
    }

    private static async Task<Ok<RuleView>> GetAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogSession session = await catalog.ReadAsync(cancellationToken);
        return TypedResults.Ok(await AnswerAsync(session, guid, context, cancellationToken));
    }

    private static async Task<Created<RuleView>> CreateAsync(RuleRequest request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        PolicyKind kind = OfKind.Of(context);
        if (request.Policy is null)
        {
            throw new InvalidFieldException("policy", "It is missing.", "Send the guid of the rule's policy.");
        }

        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        Policy policy = (await Reference.FindAsync(transaction.Policies, request.Policy, "policy", cancellationToken))!;
        if (policy.Kind != kind)
        {
            throw new InvalidFieldException("policy", $"It is no {OfKind.Word(kind)} policy.", "Send the guid of one that is.");
        }

        PolicyConfig of = (await PolicyReading.OfAsync(transaction, [policy], cancellationToken))[0];
        int position = request.Position ?? of.Rules.Select(rule => rule.Rule.Position + 1).DefaultIfEmpty(0).Max();
        RuleConfig config = RuleWriting.Applied(new RuleConfig { Rule = new Rule { Name = "", PolicyGuid = policy.Guid } }, request, position);
        await CheckAsync(transaction, config, of, cancellationToken);
        await RuleWriting.StoreAsync(transaction, before: null, config, cancellationToken);
        RuleView view = await AnswerAsync(transaction, config.Rule.Guid, context, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "rules.create", "rules", config.Rule.Guid, config.Rule.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Created($"{context.Request.Path}/{config.Rule.Guid}", view);
    }

    private static async Task<Ok<RuleView>> UpdateAsync(
        Guid guid, RuleRequest request, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        (RuleConfig before, PolicyConfig of) = await FindAsync(transaction, guid, context, cancellationToken);
        if (request.Policy is { } policy && policy.Guid != of.Policy.Guid)
        {
            throw new InvalidFieldException("policy", "A rule stays with its policy.", "Make a new rule in the other policy and delete this one.");
        }

        Rule expected = before.Rule with { Version = RowVersion.Expected(context) ?? before.Rule.Version };
        RuleConfig config = RuleWriting.Applied(before with { Rule = expected }, request, request.Position ?? before.Rule.Position);
        await CheckAsync(transaction, config, of, cancellationToken);
        await RuleWriting.StoreAsync(transaction, before, config, cancellationToken);
        RuleView view = await AnswerAsync(transaction, guid, context, cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "rules.update", "rules", guid, config.Rule.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.Ok(view);
    }

    private static async Task<NoContent> DeleteAsync(Guid guid, HttpContext context, CatalogDatabase catalog, CancellationToken cancellationToken)
    {
        await using CatalogTransaction transaction = await catalog.BeginAsync(cancellationToken);
        (RuleConfig config, _) = await FindAsync(transaction, guid, context, cancellationToken);
        await transaction.Rules.DeleteAsync(guid, RowVersion.Expected(context), cancellationToken);
        await AuditTrail.AppendAsync(transaction, context, "rules.delete", "rules", guid, config.Rule.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task CheckAsync(CatalogSession session, RuleConfig config, PolicyConfig of, CancellationToken cancellationToken)
    {
        var problems = new FieldProblems();
        RuleValidation.Check(config, of.Policy.Kind, TimeZoneInfo.Utc, path: "", problems);
        await RuleWriting.CheckAsync(session, config, of.Policy.Kind, path: "", problems, cancellationToken);
        if (problems.All.Count > 0)
        {
            // The rule is the whole request here, so its fields have no path before them.
            throw new InvalidFieldsException([.. problems.All.Select(problem => problem with { Field = problem.Field.TrimStart('.') })]);
        }
    }

    private static async Task<RuleView> AnswerAsync(CatalogSession session, Guid guid, HttpContext context, CancellationToken cancellationToken)
    {
        (RuleConfig config, PolicyConfig of) = await FindAsync(session, guid, context, cancellationToken);
        RowVersion.Tell(context, config.Rule.Version);
        return (await PolicyShowing.OfAsync(session, [of], cancellationToken)).View(config, of.Policy, isExtended: true);
    }

    private static async Task<(RuleConfig Rule, PolicyConfig Policy)> FindAsync(
        CatalogSession session, Guid guid, HttpContext context, CancellationToken cancellationToken)
    {
        Rule rule = await session.Rules.GetAsync(guid, cancellationToken);
        Policy policy = await session.Policies.GetAsync(rule.PolicyGuid, cancellationToken);
        if (policy.Kind != OfKind.Of(context))
        {
            throw Reference.Missing($"rule of a {OfKind.Word(OfKind.Of(context))} policy", guid);
        }

        PolicyConfig config = (await PolicyReading.OfAsync(session, [policy], cancellationToken))[0];
        return (config.Rules.Single(one => one.Rule.Guid == guid), config);
    }
}
