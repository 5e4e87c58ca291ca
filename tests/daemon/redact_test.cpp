#include "protocol/redact.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

namespace {

std::string rule_of(std::string_view text) {
  auto const hits = find_secrets(text);
  return hits.empty() ? std::string{} : std::string{hits.front().rule};
}

} // namespace

TEST_CASE("redact: known forms are found by their issuer", "[daemon]") {
  auto const [text, rule] = GENERATE(table<std::string, std::string>({
      {"aws_access_key_id = AKIAIOSFODNN7EXAMPLE", "aws-access-key"},
      {"aws_access_key_id = AKIA2E0A8F3B7C9D1G5H", "aws-access-key"},
      {"ghp_0123456789abcdefghijABCDEFGHIJ012345", "github-token"},
      {"github_pat_11ABCDEFG0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJ", "github-token"},
      {"glpat-x1y2z3a4b5c6d7e8f9g0", "gitlab-token"},
      {std::string{"xox"} + "b-123456789012-abcdefghijklmnop", "slack-token"},
      {std::string{"sk_"} + "live_4eC39HqLyjWDarjtT1zdp7dc", "stripe-key"},
      {"sk-ant-api03-abcdefghijklmnopqrstuvwxyz", "anthropic-key"},
      {"sk-proj-abcdefghij0123456789ABCDEFGHIJ", "openai-key"},
      {"AIzaSyA1234567890abcdefghijklmnopqrstuv", "google-key"},
      {"npm_abcdefghijklmnopqrstuvwxyz0123456789", "npm-token"},
      {"hf_abcdefghijklmnopqrstuvwxyzABCDEFGH", "huggingface-token"},
      {"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
       "json-web-token"},
      {"-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----", "private-key"},
      {"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl", "private-key"},
      {"postgres://app:s3cr3tPw@db.internal:5432/x", "url-password"},
      {"Authorization: Bearer abc123def456ghi789jkl012", "bearer-token"},
      {"123456789:AAabcdefghijklmnopqrstuvwxyz0123456", "telegram-token"},
      {"password = \"hunter2isnotgood\"", "assigned-secret"},
      {"DB_PASSWORD='p4ssw0rd!x'", "assigned-secret"},
      {"api_key: str = \"9f8e7d6c5b4a39281706\"", "assigned-secret"},
      {"\"client_secret\": \"Zx81kQp04mVb2Lw9\"", "assigned-secret"},
      {"API_TOKEN=k39sLq02mXv81bTz55", "assigned-secret"},
      {"setPassword(\"tr0ub4dor&3\")", "assigned-secret"},
      {"x = \"Zk3vQ9mT7xB2nL5wR8yH1cD4fG6jK0pS\"", "high-entropy"},
  }));
  INFO(text);
  CHECK(rule_of(text) == rule);
  auto const clean = redact(text);
  CHECK(clean.find("[redacted:" + rule + "]") != std::string::npos);
  CHECK(redact(clean) == clean);
  CHECK(find_secrets(clean).empty());
}

TEST_CASE("redact: what only looks like a secret is left alone", "[daemon]") {
  auto const text = GENERATE(
      as<std::string>{}, "commit 3f2a9c1b7d8e4f5061728394a5b6c7d8e9f00112",
      "sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "id = \"123e4567-e89b-12d3-a456-426614174000\"",
      "token: 123e4567-e89b-12d3-a456-426614174000",
      "\"integrity\": "
      "\"sha512-v2kDEe57lecTulaDIuNTPy3Ry4gLGJ6Z1O3vE1krgXZNrsQ+"
      "LFTGHVxVjcXPs17LhbZVGedAJv8XZ1tvj5FvSg==\"",
      "golang.org/x/text v0.3.7 h1:olpwvP2KacW1ZWvsR7uQhoyTYvKAupfQrRGBFM352Gk=",
      "src=\"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk\"",
      "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7vbqajDhA0h3Xr8yB6 ada@host", "max_tokens = 4096",
      "password_hash = \"$2b$12$abcdefghijklmnopqrstuv\"", "password = os.environ[\"DB_PASSWORD\"]",
      "token = request.headers.get(\"X-Token\")", "secret = get_secret(\"payments\")",
      "password: \"changeme\"", "PASSWORD=${DB_PASSWORD}", "const token = nextToken2Value;",
      "api_key = \"your-api-key-123\"", "token_count: 123456789012",
      "postgres://postgres:postgres@localhost/test", "https://example.org/path?x=1#y",
      "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "AKIA is a prefix",
      "the bearer of good news today", "bearer authentication-is-described-below",
      "TestParsesUtf8StringsWithBase64Padding2AndMore",
      "src/components/Button2/variants/PrimaryButton3.tsx",
      "void refresh_access_token(int retries = 3);",
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
      "mysql://user:password@localhost", "2026-08-20T10:11:12.123456Z", "http://[::1]:8080/",
      "refs/troupe/attempts/k3f9q2mx-1/12", "d-k3f9q2mx");
  INFO(text);
  CHECK(rule_of(text) == "");
  CHECK(redact(text) == text);
}

TEST_CASE("redact: several secrets in one text, in order, the rest untouched", "[daemon]") {
  CHECK(redact("a ghp_0123456789abcdefghijABCDEFGHIJ012345 b AKIA2E0A8F3B7C9D1G5H c") ==
        "a [redacted:github-token] b [redacted:aws-access-key] c");
  CHECK(redact("") == "");
}

TEST_CASE("redact: generated files are looked at for known forms alone", "[daemon]") {
  CHECK(is_generated_file("web/package-lock.json"));
  CHECK(is_generated_file("go.sum"));
  CHECK(is_generated_file("a/b.min.js"));
  CHECK_FALSE(is_generated_file("src/main.cpp"));
  scan_options const known{false};
  CHECK(find_secrets("x = \"Zk3vQ9mT7xB2nL5wR8yH1cD4fG6jK0pS\"", known).empty());
  CHECK(find_secrets("ghp_0123456789abcdefghijABCDEFGHIJ012345", known).size() == 1);
}

TEST_CASE("redact: a megabyte of anything is done quickly", "[daemon]") {
  std::string text;
  while (text.size() < 1024 * 1024)
    text += "password = \"-----BEGIN eyJ AKIA bearer ://a:b sk- ";
  auto const begun = std::chrono::steady_clock::now();
  CHECK(redact(text).size() > 1024);
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds{20});
}
