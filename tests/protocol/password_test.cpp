#include "protocol/redact.hpp"
#include "protocol/redact_json.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

/// Passwords as people choose them have no form of their own: what names them, and what they are
/// made of, tells them from names, paths and numbers.

TEST_CASE("redact: a password that people chose, where it is assigned or told", "[protocol]") {
  auto const [text, password] = GENERATE(table<std::string, std::string>({
      {"password=hunter2hunter2", "hunter2hunter2"},
      {"db pass \"Xr7#kQ92!pLmZ0vT\"", "Xr7#kQ92!pLmZ0vT"},
      {"use password=hunter2hunter2 for now", "hunter2hunter2"},
      {"The password is hunter2hunter2.", "hunter2hunter2."},
      {"the admin password was `Tr0ub4dor3`", "Tr0ub4dor3"},
      {"password: hunter2hunter2", "hunter2hunter2"},
      {"Password: P@ssw0rd99", "P@ssw0rd99"},
      {"pwd=Summer2024!", "Summer2024!"},
      {"pwd=summer2024", "summer2024"},
      {"password=Hunter2xyz!", "Hunter2xyz!"},
      {"export PGPASSWORD=Wint3r!!", "Wint3r!!"},
      {"DB_PASS=s3cr3tPw", "s3cr3tPw"},
      {"smtpPass: 'k9f2m4x8'", "k9f2m4x8"},
      {"pass=k9f2m4x8", "k9f2m4x8"},
      {"mysql --password=k9f2m4x8 shop", "k9f2m4x8"},
      {"https://x.example/login?user=ada&password=hunter2hunter2&next=1", "hunter2hunter2"},
      {"client_secret=zb12cd34ef", "zb12cd34ef"},
      {"secret: corr3ct-h0rse-b4ttery", "corr3ct-h0rse-b4ttery"},
      {"passphrase \"corr3ct-h0rse-b4ttery\"", "corr3ct-h0rse-b4ttery"},
      {"(password=hunter2hunter2)", "hunter2hunter2"},
  }));
  INFO(text);
  auto const hits = find_secrets(text);
  REQUIRE(hits.size() == 1);
  CHECK(hits[0].rule == "assigned-secret");
  CHECK(text.substr(hits[0].offset, hits[0].length) == password);
  auto const clean = redact(text);
  CHECK(clean.find(password) == std::string::npos);
  CHECK(redact(clean) == clean);
  auto of_event = json::value(json::object{{"text", text}});
  redact_json(of_event);
  CHECK(json::canonical(of_event).find(password) == std::string::npos);
}

TEST_CASE("redact: sentences, names, digests, paths and ids beside such a word stay",
          "[protocol]") {
  auto const text = GENERATE(
      as<std::string>{},
      // sentences
      "The password is required.", "The password is stored hashed, the pass rate was 98%.",
      "Say which password is meant in step2.", "a second pass over base64 data",
      "the secret is that utf8 needs no length", "the first pass was sha256-hashed",
      "password is 12 characters or more", "my password was reset on 2026-11-21",
      "the pass is valid from 2026-11-21T10:00:00Z", "The password: see the wiki, page 1234567.",
      "Let the reader pass \"R2D2\" or \"x1\"", "pass \"1h30m\" to parse_duration",
      "rename password \"userPass2\" to \"pwd3\"", "it must pass 3 of 4 gates",
      "pass 'weeks2days' through", "the secret was found at line 1234",
      // tests
      "PASS: t/parse2units3.t", "PASS: test2Things3Well", "pass: 12, fail: 0", "pass 1: src2lib3",
      "12 pass, 3 fail", "ok 12 - passes2hours30",
      // code
      "password = user.password1", "if (password == other2Value3)", "pwd: newPwd2",
      "connect(password=db_password2, user=u)", "password = parse2(text)", "pwd=getpwd1()",
      "password: Utf8String", "password: base64Encoded", "this.password = oauth2Secret1;",
      "passwd=sha256sum", "pass=x86_64", "bypass=a1b2c3d4e5", "compass: n45e120w33",
      "password_hash=a1b2c3d4e5x", "max_password=k9f2m4x8", "secret_name=db2prod1east",
      "pwd = arr1x2y3;", "PASSWORD=${DB_PASSWORD2}", "password=$PW2you3", "pass=%s1d2f3g4",
      "password=<your1password2>", "password: changeme123", "password=example123x4",
      // digests, ids, numbers, places
      "pass 3f2a9c1b7d8e4f5061728394a5b6c7d8e9f00112", "password: d41d8cd98f",
      "secret: 123e4567-e89b-12d3-a456-426614174000", "pass=0123456789", "pwd=/srv/app2/k9f2m4x8",
      "pwd: ~/notes/k9f2m4x8", "secret=secrets/prod2/db1.txt", "secret is part2of.item3of.list",
      "password: ada9@mail2.example.org", "pwd=C:\\k9f2m4x8", "pass: 10.0.12.7:5432",
      "password: v1.22.333-rc4", "secret: k8s-ingress-v2", "pass=a1b2");
  INFO(text);
  auto const hits = find_secrets(text);
  if (!hits.empty()) {
    INFO(text.substr(hits[0].offset, hits[0].length));
    CHECK(hits.empty());
  }
  CHECK(redact(text) == text);
}
