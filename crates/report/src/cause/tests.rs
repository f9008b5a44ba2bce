//! The causes of small made-up reports.

use upspec_corpus::Corpus;
use upspec_exchange::IoKind;
use upspec_judge::Came;

use super::*;
use crate::sample;

const PLAIN: &str = "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n";

/// A case that sent this, got this and is judged so.
fn case(id: &str, request: &str, came: &str, verdict: Verdict, requirement: &str) -> CaseResult {
    let io = vec![sample::io(0, IoKind::Wrote, request.as_bytes())];
    let finding = Finding {
        requirement: requirement.to_owned(),
        sections: Vec::new(),
        level: "must".to_owned(),
        verdict,
        message: format!("answered {came}. Expected: {id}"),
        rule: None,
        at: None,
        counted: None,
    };
    let findings = if verdict == Verdict::Pass { Vec::new() } else { vec![finding] };
    let came: Came = came.parse().unwrap();
    CaseResult {
        id: id.to_owned(),
        verdict,
        outcome: Some(came),
        ..sample::result_of(io, findings)
    }
}

fn control() -> CaseResult {
    case(upspec_judge::CONTROL, PLAIN, "101", Verdict::Pass, "")
}

/// A case whose Host is not as it should be.
fn host(id: &str, host: &str) -> CaseResult {
    let request = PLAIN.replace("Host: a", host);
    case(id, &request, "101", Verdict::Fail, "rfc9112/3.2-host-invalid")
}

fn suspect<'s>(name: &'s str, cases: &[&'s str]) -> Suspect<'s> {
    Suspect {
        name,
        summary: "Host is not looked at.",
        breaks: "rfc9112/3.2-host-invalid",
        also: &[],
        cases: cases.to_vec(),
    }
}

/// The registry without what it says of breaches, so that titles come from what was found.
fn wordless() -> Registry {
    let registry = &Corpus::embedded().unwrap().requirements;
    let mut registry = serde_json::to_value(registry).unwrap();
    for known in registry["requirements"].as_array_mut().unwrap() {
        known["breach"] = serde_json::Value::Null;
    }
    serde_json::from_value(registry).unwrap()
}

/// Title, harm and cases of each cause.
fn found(cases: &[CaseResult], habits: &[Habit], suspects: &[Suspect<'_>]) -> Vec<String> {
    let causes = causes(cases, habits, &wordless(), suspects, &sample::others());
    let line =
        |cause: &Cause| format!("{} ({}): {}", cause.title, cause.harm, cause.cases.join(" "));
    causes.iter().map(line).collect()
}

#[test]
fn a_fault_with_the_same_pattern_names_the_cause() {
    let cases = [control(), host("a", "Host: /"), host("b", "Host: ?"), host("c", "Host: #")];
    let suspects = [suspect("accept-bad-host", &["a", "b"])];
    let want = ["Host is not looked at (confusion): a b c"];
    assert_eq!(found(&cases, &[], &suspects), want, "c is not known of the fault, but alike");
}

#[test]
fn where_two_faults_show_alike_what_was_found_is_the_title() {
    let found_by_rule = |id| {
        let mut case = host(id, "Host: /");
        case.findings[0].rule = Some("host".to_owned());
        case.findings[0].message = format!("the host \"{id}\" is none");
        case
    };
    let cases = [control(), found_by_rule("a"), found_by_rule("b")];
    let suspects = [suspect("host-unread", &["a", "b"]), suspect("host-lost", &["a", "b"])];
    assert_eq!(found(&cases, &[], &suspects[..1]), ["Host is not looked at (confusion): a b"]);
    assert_eq!(found(&cases, &[], &suspects), ["The host \"a\" is none (confusion): a b"]);
}

#[test]
fn a_fault_that_shows_in_most_of_its_cases_says_so_and_one_that_refuses_locks_out() {
    let refused = |id| CaseResult { outcome: "400".parse().ok(), ..host(id, "Host: /") };
    let passed = CaseResult { verdict: Verdict::Pass, findings: Vec::new(), ..refused("e") };
    let cases = [refused("a"), refused("b"), refused("c"), refused("d"), passed];
    let suspects = [suspect("refuse-host", &["a", "b", "c", "d", "e"])];
    let want = ["Host is not looked at (lockout): a b c d"];
    assert_eq!(found(&cases, &[], &suspects), want);
}

#[test]
fn a_fault_with_another_pattern_or_outcome_is_not_blamed() {
    let passed =
        |id| CaseResult { verdict: Verdict::Pass, findings: Vec::new(), ..host(id, "Host: /") };
    let cases = [control(), host("a", "Host: /"), host("b", "Host: ?"), passed("c"), passed("d")];
    let want = ["Answers 101 to requests with another Host (confusion): a b"];
    for suspects in [
        [suspect("accept-bad-host", &["a", "b", "c", "d"])],
        [suspect("refuse-host", &["a", "b"])],
        [suspect("bad-host-500", &["a", "b"])],
        [suspect("silent-on-bad-host", &["a", "b"])],
        [suspect("accept-one-host", &["a"])],
    ] {
        assert_eq!(found(&cases, &[], &suspects), want, "{}", suspects[0].name);
    }
}

#[test]
fn one_part_of_the_request_makes_one_cause() {
    let target = |id, target, requirement| {
        case(id, &PLAIN.replace("/chat", target), "101", Verdict::Fail, requirement)
    };
    let cases = [
        control(),
        target("a", "/#", "rfc6455/3-fragment"),
        target("b", "*", "rfc6455/4.2.1-target"),
        target("c", "x", "rfc6455/4.2.1-target"),
    ];
    assert_eq!(
        found(&cases, &[], &[]),
        ["Answers 101 to requests with another request target (confusion): a b c"]
    );
}

#[test]
fn the_most_harmful_comes_first_and_a_warning_behind_what_breaks_a_must() {
    let cases = [
        case("a", PLAIN, "405", Verdict::Fail, "rfc9110/15.5.6-405-allow"),
        case("b", PLAIN, "405", Verdict::Fail, "rfc9110/15.5.6-405-allow"),
        case("c", PLAIN, "400", Verdict::Fail, "rfc9110/5.6.1.2-empty-elements"),
        case("d", PLAIN, "101", Verdict::Fail, "rfc9112/6-body-presence"),
        case("e", PLAIN, "101", Verdict::Warn, "rfc9112/6.3-invalid-cl"),
        case("f", PLAIN, "101", Verdict::Inconclusive, "rfc9112/6.3-invalid-cl"),
    ];
    let found = found(&cases, &[], &[]);
    let harms: Vec<_> = found.iter().map(|line| line.rsplit('(').next().unwrap()).collect();
    assert_eq!(harms, ["smuggling): d", "lockout): c", "cosmetic): a b", "smuggling): e"]);
}

#[test]
fn a_title_says_how_the_rule_is_broken_and_no_two_are_alike() {
    let corpus = Corpus::embedded().unwrap();
    let two = "rfc9112/3.2-host-invalid";
    let cases = [
        control(),
        case("a", PLAIN, "101", Verdict::Fail, two),
        case("b", &PLAIN.replace("GET", "get"), "200", Verdict::Fail, two),
        case("c", PLAIN, "505", Verdict::Warn, two),
        case("d", PLAIN, "400", Verdict::Warn, "rfc9110/7.8-ignore"),
    ];
    let causes = causes(&cases, &[], &corpus.requirements, &[], &sample::others());
    let told: Vec<_> =
        causes.iter().map(|one| (one.title.as_str(), one.mend.as_deref().unwrap())).collect();
    let host = "answer 400 to a request whose Host is no host with an optional port";
    let want = [
        ("Does not check Host", host),
        (
            "Answers 400, although a server may ignore Upgrade and go on with the current protocol on the connection",
            "ignore an offer that you do not take, and answer the request as if Upgrade were not there",
        ),
        (
            "Answers 505, although a request whose Host value does not match the grammar is answered with 400, whatever its version",
            host,
        ),
    ];
    assert_eq!(told, want);
    assert_eq!(causes[0].cases, ["a", "b"], "they differ in what came, and are mended together");
}

#[test]
fn many_closed_connections_are_one_cause() {
    let closed = |id| case(id, PLAIN, "closed", Verdict::Warn, "rfc9112/2.2-bad-request");
    let cases = ["a", "b", "c", "d", "e"].map(closed);
    let want =
        ["Closes the connection without an answer to what it refuses (confusion): a b c d e"];
    assert_eq!(found(&cases, &[], &[]), want);
}

#[test]
fn a_habit_is_told_with_all_its_cases() {
    let cases = [case("b", PLAIN, "400", Verdict::Warn, "rfc9110/6.6.1-date")];
    let habit = Habit {
        requirement: "rfc9110/6.6.1-date".to_owned(),
        at: "b".to_owned(),
        cases: ["a", "b", "c"].map(str::to_owned).to_vec(),
    };
    assert_eq!(found(&cases, &[habit], &[]), ["Answers 400 (cosmetic): b a c"]);
}

#[test]
fn a_cause_stands_under_a_rule_that_its_fails_break() {
    let target = |id, target, verdict, requirement| {
        case(id, &PLAIN.replace("/chat", target), "101", verdict, requirement)
    };
    let warned = |id, at| target(id, at, Verdict::Warn, "rfc9112/3.2-invalid-request-line");
    let cases = [
        control(),
        warned("a", "http://b/"),
        warned("b", "http://c/"),
        target("c", "/#", Verdict::Fail, "rfc6455/3-fragment"),
        target("d", "/##", Verdict::Fail, "rfc6455/3-fragment"),
        target("e", "*", Verdict::Fail, "rfc6455/4.2.1-target"),
    ];
    let suspect = Suspect {
        name: "absolute-host-unread",
        summary: "Of an absolute target only the path is looked at.",
        breaks: "rfc9112/3.2-invalid-request-line",
        also: &[],
        cases: vec!["a", "b"],
    };
    let causes = causes(&cases, &[], &wordless(), &[suspect], &sample::others());
    let [cause] = &causes[..] else { panic!("{causes:?}") };
    assert_eq!(
        (cause.requirement.as_str(), cause.counts().as_str()),
        ("rfc6455/3-fragment", "3 fail, 2 warn")
    );
    assert_eq!(cause.title, "Answers 101 to requests with another request target");
    assert_eq!((cause.fault.as_deref(), cause.cases.join(" ")), (None, "c d e a b".to_owned()));
}

#[test]
fn what_an_open_connection_makes_worse_is_less_bad_where_all_of_them_end() {
    let answered = |id: &str, last: IoKind| {
        let came = b"HTTP/1.1 405 Not Allowed\r\nContent-Length: 1\r\n\r\n!";
        let mut case = case(id, PLAIN, "405", Verdict::Fail, "rfc9110/9.3.2-head-content");
        case.findings[0].rule = Some("content-of-head".to_owned());
        let record = case.record.as_mut().unwrap();
        record.io.push(sample::io(1, IoKind::Read, came));
        record.io.push(sample::io(2, last, b""));
        case
    };
    let (ended, open) = (answered("a", IoKind::ReadEnd), answered("b", IoKind::Deadline));
    assert!(found(std::slice::from_ref(&ended), &[], &[])[0].contains("(confusion)"));
    assert!(found(&[ended, open], &[], &[])[0].contains("(smuggling)"));
}

#[test]
fn a_death_leads_whatever_else_its_case_breaks() {
    let mut deadly = case("a", PLAIN, "101", Verdict::Fail, "rfc6455/5.1-unmasked");
    let death = Finding {
        requirement: "rfc9110/2.3-defensive".to_owned(),
        level: "should".to_owned(),
        message: "the target died of this case: it hangs".to_owned(),
        rule: Some(upspec_judge::SURVIVES.to_owned()),
        ..deadly.findings[0].clone()
    };
    deadly.findings.push(death);
    let want = ["The target died of this case: it hangs (death): a"];
    assert_eq!(found(&[deadly], &[], &[]), want);
}

#[test]
fn every_case_that_fails_or_warns_has_a_cause() {
    let report = sample::report();
    for case in report.cases.iter().filter(|case| unit::speaks_against(case)) {
        assert!(report.causes.iter().any(|cause| cause.cases.contains(&case.id)), "{}", case.id);
    }
}

#[test]
fn numbers_that_somebody_made_up_are_no_harm() {
    let mut cause = Cause {
        title: String::new(),
        mend: None,
        verdict: Verdict::Fail,
        requirement: String::new(),
        harm: String::new(),
        why: String::new(),
        cases: vec!["a".to_owned()],
        fail: usize::MAX,
        warn: 1,
        fault: None,
        others: None,
    };
    assert_eq!((cause.shown(), cause.worst()), (&cause.cases[..], &cause.cases[..]));
    assert!(!cause.counts().is_empty());
    cause.keep(|_| true);
    assert_eq!((cause.fail, cause.warn), (1, 0));
}

#[test]
fn a_breach_is_the_title_only_of_what_it_can_be() {
    let registry = &Corpus::embedded().unwrap().requirements;
    let title = |came: &str| {
        let rule = "rfc6455/4.2.1-connection";
        let request = PLAIN.replace("Upgrade: websocket", "Connection: keep-alive, Upgrade");
        let cases = [control(), case("a", &request, came, Verdict::Fail, rule)];
        let causes = causes(&cases, &[], registry, &[], &sample::others());
        (causes[0].title.clone(), causes[0].mend.clone().unwrap_or_default())
    };
    let (taken, mended) = title("101");
    assert_eq!(taken, "Opens the WebSocket though Connection does not name Upgrade");
    assert!(mended.starts_with("answer 400 unless"), "{mended}");
    let (refused, mended) = title("400");
    assert!(refused.starts_with("Answers 400"), "{refused}");
    assert!(mended.starts_with("see to it that"), "{mended}");
}
