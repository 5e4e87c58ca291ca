#include "actors/engines/rules/lexicon.hpp"

#include "actors/engines/rules/words.hpp"

#include <sstream>
#include <string>
#include <unordered_set>

namespace troupe::rules::lexicon {
namespace {

using set = std::unordered_set<std::string>;

set words(char const* text) {
  set out;
  std::istringstream in{text};
  for (std::string w; in >> w;)
    out.insert(w);
  return out;
}

bool has(set const& s, std::string_view w) {
  return s.find(std::string{w}) != s.end();
}

set const& change_verbs() {
  static set const s = words(
      "accept add allow answer append apply ask attach avoid back batch block branch break bring "
      "build "
      "bump cache call cap change check choose clean clear close collapse colour color compare "
      "compress configure confirm convert copy count create cut debounce declare decode default "
      "delete deliver deploy deprecate detect disable display distinguish divide document don't "
      "double download drop emit enable encode encrypt ensure escape exclude expire explain export "
      "expose extend extract fail fall fetch fill filter find fix flush focus fold force format "
      "forward generate give go group guard guess handle hash hide highlight ignore implement "
      "import include increase inform insert introduce join keep label leave let limit link list "
      "load localise localize lock log look lower make map mark mask match measure memoize mention "
      "merge migrate move mute name never normalise normalize notify offer omit open order "
      "override pad paginate parse pass paste pause pick pin ping preserve prevent print "
      "prioritise prioritize promise prompt protect provide publish pull push put queue quote "
      "raise read record redirect redact reduce refactor refresh refuse register reject release "
      "reload remember remove rename render reorder repeat replace report require reset resize "
      "resolve respect respond restore restrict resume retry return reuse reverse rewrite rotate "
      "round run sanitise sanitize save scroll search select send separate serve set share ship "
      "show shrink sign simplify skip snap sort spell spill split stay start stop store stream "
      "strip substitute support surface suppress swap switch sync tag take tell test throw "
      "throttle time trim truncate turn type undo unify update upgrade upload upscale use "
      "validate verify wait warn whitelist wire wrap write");
  return s;
}

} // namespace

bool is_stopword(std::string_view w) {
  static set const s = words(
      "a an the this that these those there here it its it's they them their we us our you your i "
      "me my he she his her him who whom which what when where why how and or but so then than if "
      "else because since while as at by for from in into of off on onto out over to up with "
      "without about after before again also already always any anybody anyone anything are is "
      "am be been being was were isn't aren't wasn't do does did don't doesn't didn't done has "
      "have had haven't hasn't can could can't couldn't cannot will would won't wouldn't shall "
      "should shouldn't may might must mustn't need needs ought let let's lets i'd i'll i'm i've "
      "you'd you'll you're you've we'd we'll we're we've they'd they'll they're they've that's "
      "there's what's who's he's she's he'll she'll that'd it'd it'll not no nor none never only "
      "just even still yet too very quite rather really simply maybe perhaps please okay ok yes "
      "yeah yep no nope right fine good great well sure thanks thank sorry oh ah um uh hmm hm mm "
      "one ones two three other others another each every all both some somebody someone "
      "something such same own more most much many less least few lot bit kind sort thing things "
      "stuff way get gets got getting give gives gave given go goes going gone went come comes "
      "came take takes took make makes made making put puts keep keeps kept know knows knew think "
      "thinks thought say says said see sees saw look looks looked want wants wanted like likes "
      "liked love use uses used work works worked now today right currently moment later sometimes "
      "back down through instead actually basically exactly probably course point idea "
      "i'm gonna wanna cool nice mean means write writes wrote written tell told ask asks asked "
      "half people user users customer customers somebody nobody everybody everyone first second "
      "third "
      "next last new old thing time times day days yesterday tomorrow by between per whole stay "
      "stays change changes changed doesn't won't isn't add adds added until though anyway "
      "everywhere anywhere somewhere nowhere little "
      "else's end ends start starts part parts that'll case cases word words line");
  return has(s, w);
}

bool is_auxiliary(std::string_view w) {
  static set const s = words(
      "is are am was were be been being has have had do does did can could will would shall should "
      "may might must cannot isn't aren't wasn't weren't don't doesn't didn't can't couldn't won't "
      "wouldn't shouldn't mustn't haven't hasn't hadn't it's that's there's i'd i'll i'm i've "
      "you'd "
      "you'll you're you've we'd we'll we're we've they'd they'll they're they've he's she's "
      "what's "
      "who's let's lets needn't it'll it'd that'd that'll there'll ain't gets gets needs wants "
      "has");
  return has(s, w);
}

bool is_past(std::string_view w) {
  static set const s = words(
      "was were had did didn't wasn't weren't hadn't got went came said told wrote gave took knew "
      "thought saw broke ate began drove fell forgot grew ran woke spoke threw chose flew");
  return has(s, w);
}

bool is_participle(std::string_view w) {
  static set const s = words(
      "made kept found lost sent brought bought built left meant met read spent stood put set cut "
      "split held paid");
  return has(s, w) || (w.size() > 4 && w.ends_with("ed") && w != "need" && w != "indeed" &&
                       w != "speed" && w != "embed" && w != "exceed");
}

bool is_change_verb(std::string_view w) {
  return has(change_verbs(), w);
}

bool is_noun_too(std::string_view w) {
  static set const s = words(
      "answer back batch block branch break build bump cache call cap change check colour color "
      "copy count cut default delay display document double download drop export fail fall filter "
      "fix focus fold force format group guard guess handle hash import input issue join label "
      "leave limit link list load lock log look map mark mask match measure merge name offer open "
      "order output pad pass paste pause pick pin ping print prompt pull push put queue quote "
      "raise "
      "record redirect release report request reset return retry reverse rewrite round run search "
      "select set share ship show sign skip snap sort spell split start stop store stream strip "
      "swap switch sync tag take test time trim turn type undo update upgrade upload use version "
      "wait wire wrap review review's fold question works request timestamp scroll help plan plans "
      "tests calls names times lists logs prints rows uses types links types marks limits "
      "retries requests matches checks errors uploads downloads changes updates exports imports");
  return has(s, w);
}

bool is_verb_form(std::string_view w) {
  static set const extra = words(
      "accepts becomes become breaks calls carries carry choke contains contain counts costs cost "
      "crosses cross depends depend dies die eats expires fires follow follows gains gets give "
      "gives "
      "go goes goes happens happen hits jumps keeps keep kills kill knows know lands leaves lets "
      "lists lives lies live looks lose loses loses loves makes matches mean means needs need "
      "opens "
      "outlives overrides passes pays picks polls prints prefer puts reads refuses rejects reloads "
      "remains remain repeats returns reviews runs says say sees see seems sends shows sits speaks "
      "starts stays stay stops survives survive takes tells thinks think throws treats tries wins "
      "win works wants want writes belong belongs throw gets expects expect applies apply covers "
      "cover crash crashes");
  if (has(extra, w))
    return true;
  if (is_noun_too(w))
    return false;
  if (is_change_verb(w))
    return true;
  for (auto const* suffix : {"es", "s", "ed", "d"}) {
    std::string_view const end{suffix};
    if (w.size() > end.size() + 2 && w.ends_with(end)) {
      auto const base = w.substr(0, w.size() - end.size());
      if (is_change_verb(base) && !(is_noun_too(base) && end.ends_with('s')))
        return true;
    }
  }
  return false;
}

bool is_unit(std::string_view w) {
  static set const s = words(
      "ms millisecond milliseconds second seconds sec secs minute minutes min mins hour hours day "
      "days week weeks month months year years byte bytes kb mb gb tb kib mib gib megabyte "
      "megabytes megs meg gigabyte gigabytes gig gigs kilobytes percent per-cent % times time "
      "attempt attempts try tries retries retry request requests call calls character characters "
      "chars char digit digits line lines row rows item items entry entries page pages file files "
      "pixel pixels px point points euro euros dollar dollars pound pounds cent cents core cores "
      "thread threads process processes node nodes user users key keys level levels column columns "
      "result results connection connections worker workers message messages record records word "
      "words letters step steps version versions retries codes decimals places place decimal "
      "degrees metres meters km bit bits fps rpm hz");
  return has(s, w);
}

bool is_software_word(std::string_view w) {
  static set const s = words(
      "account address admin agent alert algorithm api app argument array attachment audit auth "
      "backend backoff backup bar batch boolean branch browser buffer bug build button byte cache "
      "callback changelog character checkbox ci class client clock code colour color "
      "column command comment commit config configuration connection console constant cookie copy "
      "counter crash cursor dashboard data database date decimal default delimiter dependency "
      "deploy diff dialog directory disk docs documentation download e-mail email encoding "
      "endpoint "
      "engine entry environment error event exception exit export extension fallback feature field "
      "file filter flag folder font form format frontend function git gzip handler hash header "
      "health hook icon id identifier import index input install integer interface invoice job "
      "json "
      "kernel key label language latency library license limit line link list loader local locale "
      "lock log login logout loop manual matcher memory menu message method metric migration mode "
      "model module mutex name node notification null number object offset option order output "
      "package page parameter parser password path payload performance permission phone pipeline "
      "plugin port prefix printer process profile progress project protocol proxy query queue "
      "quota "
      "ram rate readme record regex release report repository request response result retry role "
      "row runbook schema scope screen script search secret security separator sequence server "
      "service session setting settings shell signature socket sort source sql stack status "
      "stderr stdin stdout stop stream string style subject suffix switch sync syntax table tag "
      "template terminal test testing text theme thread throughput ticket time timeout timestamp "
      "timezone token toggle tool transaction transfer trim type typescript ui unit update upload "
      "url user username utf validation value variable version view warning web webhook website "
      "widget wifi window windows word worker zip unicode letter digit emoji literal prompt "
      "undefined nan boolean float double checksum digest parse parsing format formatting");
  if (has(s, w))
    return true;
  if (w.size() > 4 && w.ends_with('s') && has(s, w.substr(0, w.size() - 1)))
    return true;
  return w.size() > 5 && w.ends_with("ies") && has(s, std::string{w.substr(0, w.size() - 3)} + "y");
}

bool is_social_word(std::string_view w) {
  static set const s = words(
      "coffee tea lunch dinner breakfast cake pizza beer pub sandwich canteen kitchen birthday "
      "party holiday holidays vacation weekend wedding baby kid kids son daughter wife husband mum "
      "mom dad family neighbour neighbor cat dog football soccer movie concert weather rain "
      "raining snow sunny sun beach train bus bike bicycle tyre tire car traffic lift elevator "
      "doctor dentist sick flu headset microphone mic camera mute muted unmute haircut gym "
      "marathon hungry tired sleep shoes office joking joke lol haha ha sweater song music guitar "
      "christmas easter fridge");
  return has(s, w);
}

bool is_yes(std::string_view w) {
  static set const s = words(
      "yes yeah yep yup yea aye right fine good great sure agreed exactly true absolutely "
      "definitely perfect deal cool ok okay alright lovely nice correct +1 indeed totally "
      "brilliant excellent ack k sounds okey agree clear understood mm-hm mhm mmhm fair easy "
      "amen happily amazing wonderful awesome superb grand fab noted done aha roger fantastic "
      "splendid super neat sweet sold seconded ditto precisely affirmative okidoki right-o");
  return has(s, w);
}

bool is_no(std::string_view w) {
  static set const s = words("no nope nah never-mind -1 nay");
  return has(s, w);
}

bool is_filler(std::string_view w) {
  static set const s = words(
      "um uh uhm uhh erm er eh hm hmm hmmm mm oh ah aha ooh ouch well so okay ok like look listen "
      "and but then now anyway also plus actually basically honestly hey hi hello god wow ha haha "
      "careful sorry ugh hang first firstly second secondly next finally lastly though too please "
      "otherwise meanwhile yes yeah right alright now god gosh man dear jeez wow meh lol whoa phew "
      "yikes oops");
  return has(s, w);
}

bool is_people(std::string_view w) {
  static set const s = words(
      "people users user customers customer somebody someone everybody everyone nobody finance "
      "support sales marketing legal ops security compliance billing management "
      "clients callers we i you they he she team teams anybody boss "
      "testers developers devs folks guys auditors audit payroll operations");
  return has(s, w);
}

bool is_pronoun(std::string_view w) {
  static set const s = words("it that this these those they them both it's that's its same "
                             "it'll they're he she");
  return has(s, w);
}

bool is_doc_word(std::string_view w) {
  static set const s = words("readme readme.md docs doc documentation changelog changelog.md "
                             "history.md history manual handbook guide tutorial runbook wiki man "
                             "openapi swagger javadoc docstring docstrings changes.md news "
                             "faq release-notes manpage contributing.md");
  return has(s, w);
}

bool is_test_word(std::string_view w) {
  static set const s = words("test tests testcase testcases regression unit-test unit-tests "
                             "fixture fixtures benchmark snapshot e2e");
  return has(s, w);
}

bool is_delivery_word(std::string_view w) {
  static set const s =
      words("branch pull-request pr commit commits version dependencies dependency "
            "squash rebase merge licence license pull");
  return has(s, w);
}

} // namespace troupe::rules::lexicon
