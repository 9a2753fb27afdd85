/** Channels that every member may join. */
import { Hash } from "lucide-react";
import { useState } from "react";
import { useAsked } from "../../app/asked";
import { useDoing, useHere, useTools } from "../../app/here";
import { Page, Row, Rows } from "../../app/page";
import { Refused } from "../../app/refused";
import { useRouter } from "../../app/router";
import type { Hex } from "../../client/api";
import { ConversationPicture } from "../../ui/avatar";
import { Banner } from "../../ui/banner";
import { Button } from "../../ui/button";
import { isolated } from "../../ui/links";
import { Name } from "../../ui/name";
import { EmptyState, Skeleton } from "../../ui/waiting";
import { useWords } from "../../words/words";

export function ChannelsPage() {
  const words = useWords();
  const router = useRouter();
  const { client } = useTools();
  const { nameOf } = useHere();
  const asked = useAsked(client, "openChannels");
  const { refusal, run } = useDoing();
  const [joining, setJoining] = useState<Hex | null>(null);
  const join = async (id: Hex) => {
    setJoining(id);
    await run(async () => {
      await client.joinChannel(id);
      router.go("conversation", { id });
    });
    setJoining(null);
  };
  const channels = asked.value?.channels;
  return (
    <Page title={words.channels.title} intro={words.channels.intro}>
      <Refused refusal={asked.refusal ?? refusal} onAgain={asked.again} />
      {asked.value && !asked.value.isWhole && (
        <Banner>
          <p>{words.channels.notWhole}</p>
        </Banner>
      )}
      {!channels && !asked.refusal && <Skeleton label={words.loading} />}
      {channels?.length === 0 && (
        <EmptyState
          icon={<Hash size={24} />}
          title={words.channels.none}
          actions={<Button onPress={() => router.go("create", {})}>{words.shell.newConversation}</Button>}
        >
          {words.channels.noneMore}
        </EmptyState>
      )}
      {channels && channels.length > 0 && (
        <Rows>
          {channels.map((channel) => (
            <Row
              key={channel.id}
              icon={<ConversationPicture kind="channel" />}
              title={<Name name={channel.title} warning={words.oddName} />}
              more={
                <>
                  {channel.topic && (
                    <>
                      <bdi>{channel.topic}</bdi> ·{" "}
                    </>
                  )}
                  {words.channels.by(isolated(nameOf(channel.by)))}
                </>
              }
              end={
                channel.isJoined ? (
                  <Button weight="quiet" onPress={() => router.go("conversation", { id: channel.id })}>
                    {words.channels.open}
                  </Button>
                ) : (
                  <Button
                    isBusy={joining === channel.id}
                    isDisabled={joining !== null}
                    onPress={() => join(channel.id)}
                  >
                    {words.channels.join}
                  </Button>
                )
              }
            />
          ))}
        </Rows>
      )}
    </Page>
  );
}
