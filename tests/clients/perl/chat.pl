# HTTP::Tiny and LWP do the same call: `perl chat.pl tiny MESSAGE`.
use strict;
use warnings;
use JSON::PP;

binmode STDOUT, ":utf8";

my $URL = 'https://api.openai.com/v1/chat/completions';
my ($library, $message) = @ARGV;
my %body = (model => 'gpt-4o-mini', messages => [{ role => 'user', content => $message }]);
my %headers = ('Content-Type' => 'application/json', Authorization => "Bearer $ENV{OPENAI_API_KEY}");

my %clients = (
    tiny => sub {
        require HTTP::Tiny;
        my $answer = HTTP::Tiny->new(verify_SSL => 1)->post($URL, { headers => \%headers, content => shift });
        die "$answer->{status} $answer->{reason}: $answer->{content}\n" unless $answer->{success};
        return $answer->{content};
    },
    lwp => sub {
        require LWP::UserAgent;
        my $answer = LWP::UserAgent->new->post($URL, %headers, Content => shift);
        die $answer->status_line . "\n" unless $answer->is_success;
        return $answer->content;
    },
);
my $post = $clients{$library};

print 'JSON ', decode_json($post->(encode_json(\%body)))->{choices}[0]{message}{content}, "\n";

my $events = $post->(encode_json({ %body, stream => JSON::PP::true }));
my @chunks = map { decode_json($_) } $events =~ /^data: (\{.*)$/mg;
print 'SSE ', join('', map { $_->{choices}[0]{delta}{content} // '' } @chunks), "\n";
